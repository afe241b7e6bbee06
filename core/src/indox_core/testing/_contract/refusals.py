"""What an answer means that is a failure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from indox_core import CallError, MalformedResponseError, StreamInterruptedError
from indox_core.plugin import ProviderFailure, kind_of_status

from .core import ERROR_CLASSES
from .samples import STATUSES, WAYS
from .subject import Recorder
from .traffic import Traffic, holds_no_key

_NO_JSON = (b"", b"<html>Busy</html>", b"[]", b"null", b"{}", b'"no"')


class Refusals(Traffic):
    """What a refusal means"""

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("status", STATUSES)
    def test_every_status_has_its_class(
        self, record_property: Recorder, status: int, way: str
    ) -> None:
        """One except clause serves all providers."""
        self._shows(record_property, "errors")
        expected = ERROR_CLASSES[kind_of_status(status)]
        with self.server("error", status=status) as server:
            error = self.fails(server, way)
            assert type(error) is expected, (
                f"HTTP {status} is {type(error).__name__}, not {expected.__name__}. If error.json "
                "names a kind of its own, take one that says no more than its status."
            )
            assert isinstance(error, CallError)
            assert error.status_code == status
            assert error.request_id == "req_contract", "The header x-request-id is not kept."
            assert len(server.received) == 1
        holds_no_key(error)

    @pytest.mark.parametrize("way", WAYS)
    def test_every_documented_refusal_has_its_kind(self, way: str) -> None:
        """Who waits for credit waits for ever; who is told so can pay."""
        for row in self._refusals():
            about = f"recorded/errors.json: {row['kind']}, status {row['status']}, {row['body']}"
            headers = row.get("headers", {})
            raw = json.dumps(row["body"]).encode()
            with self.server("error", status=row["status"], raw=raw, headers=headers) as server:
                error = self.fails(server, way)
            assert isinstance(error, CallError)
            assert type(error) is ERROR_CLASSES[row["kind"]], f"{about} is {type(error).__name__}."
            for name in ("code", "retry_after_s", "request_id"):
                if name in row:
                    read = getattr(error, name)
                    assert read == row[name], f"{about}: {name} is {read!r}, not {row[name]!r}."
            holds_no_key(error)

    def test_a_documented_refusal_inside_a_200_is_none_the_less(self) -> None:
        """Proxies and streams answer 200 first, and fail then."""
        for row in self._refusals():
            with pytest.raises(ProviderFailure) as caught:
                pytest.fail(f"decode({row['body']}) gives {self._decode(row['body'])}.")
            if "code" in row:
                failure = caught.value.failure
                assert failure.code == row["code"], f"{row['body']}: the code is {failure.code!r}."

    def test_a_documented_refusal_in_a_stream_has_its_kind(self) -> None:
        """`event` of a row: the same failure as the vendor sends it in a stream."""
        rows = [row for row in self._refusals() if "event" in row]
        if not rows:
            pytest.skip('no row of recorded/errors.json has an "event"')
        events = self._needs_stream("text")
        for row in rows:
            for before in (events[:0], events[:1]):
                decoder = self._decoder()
                for event in before:
                    decoder.push(event)
                with pytest.raises(ProviderFailure) as caught:
                    pytest.fail(f"push({row['event']}) gives {decoder.push(row['event'])}.")
                kind = caught.value.failure.kind
                assert kind == row["kind"], f"{row['event']} is {kind}, not {row['kind']}."

    def _refusals(self) -> list[dict[str, Any]]:
        self._needs_address()
        if not self._file("errors", "json").is_file():
            pytest.skip(
                "no recorded/errors.json: add what your vendor documents, a list of objects with "
                '"kind" (a FailureKind of indox_core.plugin), "status" and "body", and where the '
                'vendor says so "code", "headers", "retry_after_s", "request_id" and "event"'
            )
        rows: list[dict[str, Any]] = json.loads(self._bytes("errors", "json"))
        assert rows, "recorded/errors.json is empty."
        return rows

    @pytest.mark.parametrize("status", [401, 429, 500])
    def test_a_refusal_without_a_body_has_the_class_of_its_status(self, status: int) -> None:
        """Proxies refuse too, in HTML or with nothing."""
        expected = ERROR_CLASSES[kind_of_status(status)]
        for raw in (*_NO_JSON, *self._broken_refusals()):
            with self.server("error", status=status, raw=raw) as server:
                error = self.fails(server, "chat")
            assert type(error) is expected, (
                f"HTTP {status} with {raw!r} is {type(error).__name__}, not {expected.__name__}."
            )

    def _broken_refusals(self) -> list[bytes]:
        """The recorded refusal with something else in the place of its object."""
        others: tuple[Any, ...] = (None, "no", [], 5, {})
        body = self._body("error")
        if not isinstance(body, dict):
            return []
        return [json.dumps({key: other if isinstance(value, dict) else value
                            for key, value in body.items()}).encode()
                for other in others]  # fmt: skip

    @pytest.mark.parametrize("way", WAYS)
    def test_how_long_to_wait_is_read(self, way: str) -> None:
        """Who comes back earlier is refused again; who waits longer waits for nothing."""
        with self.server("error", status=429, headers={"retry-after": "7"}) as server:
            error = self.fails(server, way)
        assert isinstance(error, CallError)
        assert error.retry_after_s == 7, "The header retry-after: 7 is not told as retry_after_s."

    def test_a_date_to_wait_for_is_no_failure(self) -> None:
        """`retry-after` may be a date, and nonsense is no reason to fail otherwise."""
        for value in ("Wed, 21 Oct 2015 07:28:00 GMT", "soon", "-1", ""):
            with self.server("error", status=429, headers={"retry-after": value}) as server:
                error = self.fails(server, "chat")
            assert type(error) is ERROR_CLASSES["rate_limit"], f"retry-after: {value}: {error!r}"

    @pytest.mark.parametrize("way", WAYS)
    def test_what_may_pass_is_tried_again_by_the_core_alone(self, way: str) -> None:
        """SDKs that retry too multiply the attempts."""
        with self.server("error", status=503, headers={"retry-after-ms": "1"}) as server:
            error = self.fails(server, way, max_retries=2)
            assert len(server.received) == 3, "Three attempts, whoever makes them."
            assert isinstance(error, CallError)
            assert error.attempts == 3

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("body", [b"", b"<html>Log in</html>", b"[]", b"null", b'{"a":'])
    def test_a_body_that_is_no_answer_is_malformed(self, body: bytes, way: str) -> None:
        """A login page is no empty success."""
        with self.server("text", raw=body) as server:
            error = self.fails(server, way)
        assert isinstance(error, MalformedResponseError | StreamInterruptedError), repr(error)
