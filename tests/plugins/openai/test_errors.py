"""The SDK's exceptions, raised by the SDK itself over a real socket, as ours."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from indox_core import (
    APIError,
    AuthenticationError,
    Client,
    ContentFilterError,
    ContextLengthError,
    InsufficientCreditsError,
    InvalidParametersError,
    MalformedResponseError,
    ModelNotFoundError,
    NetworkError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
    StreamInterruptedError,
    TimeoutError,
)
from indox_core.testing import HTTPAnswer, LoopbackServer, sse

KEY = "sk-canary-0123456789"
HELLO = [{"role": "user", "content": "Hi"}]


def call(answer, stream=False, **options):
    with LoopbackServer(lambda received: answer) as server:
        config = {"api_key": KEY, "base_url": server.url}
        with Client(providers={"openai": config}, max_retries=0) as client:
            response = client.chat(HELLO, "openai/gpt-4o-mini", stream=stream, **options)
            return "".join(chunk.data for chunk in response) if stream else response


def refusal(status, code=None, message="why", **headers):
    error = {"message": message, "type": "t", "param": None, "code": code}
    return HTTPAnswer({"error": error}, status, {"x-request-id": "req_1", **headers})


ROWS = [
    (refusal(400), InvalidParametersError),
    (refusal(400, "context_length_exceeded"), ContextLengthError),
    (refusal(400, "content_policy_violation"), ContentFilterError),
    (refusal(400, "model_not_found"), ModelNotFoundError),
    (refusal(401, "invalid_api_key"), AuthenticationError),
    (refusal(402), InsufficientCreditsError),
    (refusal(403), PermissionDeniedError),
    (refusal(404, "model_not_found"), ModelNotFoundError),
    (refusal(404, message="The model `x` does not exist"), ModelNotFoundError),
    (refusal(404, message="no such route"), InvalidParametersError),
    (HTTPAnswer({"code": "x", "error": "The model x does not exist"}, 404), ModelNotFoundError),
    (refusal(408), APIError),
    (refusal(409), InvalidParametersError),
    (refusal(413), InvalidParametersError),
    (refusal(422), InvalidParametersError),
    (refusal(429, "rate_limit_exceeded"), RateLimitError),
    (refusal(429, "insufficient_quota"), InsufficientCreditsError),
    (refusal(500), APIError),
    (refusal(502), APIError),
    (refusal(503), OverloadedError),
    (refusal(529), OverloadedError),
    (refusal(307, location="http://127.0.0.1:9/"), APIError),
    (HTTPAnswer(b"<html>gateway</html>", 502, {"content-type": "text/html"}), APIError),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("answer", "error"), ROWS)
def test_status_rows(answer, error, stream):
    with pytest.raises(error) as caught:
        call(answer, stream)
    assert type(caught.value) is error
    assert caught.value.status_code == answer.status
    assert caught.value.request_id == answer.headers.get("x-request-id")


def test_the_wait_and_the_code_are_kept():
    with pytest.raises(RateLimitError) as caught:
        call(refusal(429, "rate_limit_exceeded", **{"retry-after": "120"}))
    assert caught.value.retry_after_s == 120
    assert caught.value.code == "rate_limit_exceeded"


def test_a_key_that_the_body_echoes_is_hidden():
    with pytest.raises(AuthenticationError) as caught:
        call(refusal(401, message=f"Incorrect API key provided: {KEY}"))
    assert KEY not in f"{caught.value!r} {vars(caught.value)}"
    assert "***" in str(caught.value)


BROKEN_BODIES = [b"", b"<html>", b'{"choices":', b"[]", b'"text"', b"{}"]


@pytest.mark.parametrize("body", BROKEN_BODIES)
def test_an_answer_that_is_none_is_malformed(body):
    with pytest.raises(MalformedResponseError):
        call(HTTPAnswer(body))


@pytest.mark.parametrize("body", [b"", b"<html>", sse({"choices": []}), b'data: {"choices": [{"i'])
def test_a_stream_that_is_none_is_interrupted(body):
    with pytest.raises(StreamInterruptedError):
        call(HTTPAnswer(iter([body] if body else [])), stream=True)


def test_a_stream_that_is_cut_keeps_its_text():
    half = sse({"choices": [{"index": 0, "delta": {"content": "Half"}}]})

    def pieces():
        yield half
        raise ConnectionAbortedError

    with pytest.raises(StreamInterruptedError) as caught:
        call(HTTPAnswer(pieces()), stream=True)
    assert caught.value.partial.data == "Half"


def test_a_broken_event_is_malformed():
    with pytest.raises(MalformedResponseError):
        call(HTTPAnswer(iter([b"data: {broken\n\n"])), stream=True)


def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not released, for somebody else might listen there
        config = {"api_key": KEY, "base_url": f"http://127.0.0.1:{taken.getsockname()[1]}"}
        with (
            Client(providers={"openai": config}, max_retries=0) as client,
            pytest.raises(NetworkError),
        ):
            client.chat(HELLO, "openai/gpt-4o-mini")


@pytest.mark.parametrize("stream", [False, True])
def test_the_deadline_holds_against_a_slow_drip(stream):
    def drip():  # without an end: the end is the deadline's
        while True:
            yield b" "
            time.sleep(0.05)

    with pytest.raises(TimeoutError):
        call(HTTPAnswer(drip()), stream, timeout=0.5)


def test_what_a_gateway_says_in_plain_text_is_told_and_html_is_not():
    with pytest.raises(OverloadedError, match="upstream connect error"):
        call(HTTPAnswer(b"upstream connect error", 503))
    with pytest.raises(OverloadedError) as caught:
        call(HTTPAnswer(b"<html><body>Bad gateway</body></html>", 503))
    assert "<" not in str(caught.value)


def test_tls_asked_of_a_server_without_it_is_named():
    with LoopbackServer(lambda received: refusal(500)) as server:
        config = {"api_key": KEY, "base_url": server.url.replace("http://", "https://")}
        with (
            Client(providers={"openai": config}, max_retries=0) as client,
            pytest.raises(NetworkError, match="TLS handshake failed"),
        ):
            client.chat(HELLO, "openai/gpt-4o-mini")


def test_the_deadline_holds_while_a_large_request_is_sent():
    """The server stops reading; a blocking client would wait for it for ever."""
    size, read = 24_000_000, 0
    given_up = threading.Event()

    def partly(listener):
        nonlocal read
        connection, _ = listener.accept()
        with connection:
            read += len(connection.recv(65_536))
            given_up.wait()
            while data := connection.recv(2**20):
                read += len(data)

    def ask(timeout):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=partly, args=(listener,))
            thread.start()
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            message = [{"role": "user", "content": "x" * size}]
            config = {"api_key": KEY, "base_url": address}
            try:
                with Client(providers={"openai": config}) as client, pytest.raises(TimeoutError):
                    client.chat(message, "openai/gpt-4o-mini", timeout=timeout)
            finally:
                given_up.set()
                socket.create_connection(listener.getsockname()).close()  # if nobody came
            thread.join()

    ask(timeout=1)
    if not read:  # a machine that stalls has used up the second before anything was sent
        given_up.clear()
        ask(timeout=20)
    assert 0 < read < size


def test_the_next_address_of_a_name_is_tried(monkeypatch):
    """The system's resolver is stood in for: a name with an address where nobody listens."""
    ask = socket.getaddrinfo

    def two_addresses(host, port, *args, **kwargs):
        if host != "two.test":
            return ask(host, port, *args, **kwargs)
        found = [ask(one, port, *args, **kwargs) for one in ("127.0.0.2", "127.0.0.1")]
        return [*found[0], *found[1]]

    monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
    with LoopbackServer(lambda received: refusal(401)) as server:
        config = {"api_key": KEY, "base_url": server.url.replace("127.0.0.1", "two.test")}
        with (
            Client(providers={"openai": config}, max_retries=0) as client,
            pytest.raises(AuthenticationError),  # the server's, so it was reached
        ):
            client.chat(HELLO, "openai/gpt-4o-mini")


def test_a_name_that_is_unknown_is_told():
    config = {"api_key": KEY, "base_url": "http://nowhere.invalid"}
    with (
        Client(providers={"openai": config}, max_retries=0) as client,
        pytest.raises(NetworkError, match="cannot be resolved"),
    ):
        client.chat(HELLO, "openai/gpt-4o-mini")
