"""What holds for any input: schema, decoders, streams, retries, the client's life."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from servers.faults import FaultServer
from servers.vendors import VENDORS

from indox_core import Client, IndoxError, Message, ToolCallDelta, ValidationError
from indox_core._credentials import redact
from indox_core._engine.retry import RetryBudget, is_retryable, wait_before_next
from indox_core._errors import Failure, ProviderFailure
from indox_core._plugins.registry import Registry
from indox_core._schema.events import CallNumbers, Fold
from indox_core._schema.json_schema import SchemaLimits
from indox_core._schema.request import merged
from indox_core._schema.spellings import parse_arguments, read_messages
from indox_core._transport.headers import retry_after
from indox_core._transport.parsers import SSEParser

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
REGISTRY = Registry()
RECORDED = sorted(Path(__file__).parents[1].glob("plugins/*/recorded/**/*.sse"))
NAMES = st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True)
PARTS = st.one_of(
    st.builds(lambda t: {"type": "text", "text": t}, TEXT),
    st.builds(
        lambda i, n, a: {"type": "tool_call", "id": i, "name": n, "arguments": a},
        NAMES, NAMES, st.dictionaries(TEXT, JSON, max_size=3),
    ),
    st.builds(lambda t: {"type": "reasoning", "text": t}, TEXT),
)  # fmt: skip


@given(st.lists(PARTS, max_size=5))
def test_a_message_survives_json(parts):
    message = Message.model_validate({"role": "assistant", "content": tuple(parts)})
    assert Message.model_validate_json(message.model_dump_json()) == message
    read, _ = read_messages([message, {"role": "user", "content": "Go on"}])
    again, changes = read_messages([json.loads(one.model_dump_json()) for one in read])
    assert (again, changes) == (read, ())


@given(st.one_of(JSON, st.lists(JSON, max_size=3)))
def test_messages_are_read_or_refused_and_nothing_else(value):
    given_before = json.dumps(value)
    for candidate in (value, [value], [{"role": "user", "content": value}]):
        try:
            read_messages(candidate)
        except ValidationError:
            continue
    assert json.dumps(value) == given_before


@given(st.dictionaries(TEXT, JSON, max_size=5), st.data())
def test_arguments_in_pieces_are_the_arguments(arguments, data):
    text = json.dumps(arguments)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    fold = Fold()
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(text)], strict=True)):
        name = "f" if number == 0 else None
        fold.add(ToolCallDelta(0, name and "id", name, text[start:end]))
    (call,) = fold.reply().parts
    assert call.arguments == arguments


@given(st.one_of(JSON, TEXT))
def test_any_arguments_are_kept(value):
    found = parse_arguments(value)
    if found["arguments"] is None:
        assert value is None or value == "null" or "arguments_raw" in found
    else:
        assert isinstance(found["arguments"], dict)


@given(st.lists(JSON.filter(lambda v: v != "[DONE]"), max_size=5), st.data())
def test_events_are_the_same_however_the_bytes_are_cut(events, data):
    ending = data.draw(st.sampled_from(["\n\n", "\r\n\r\n"]))
    raw = "".join(f": c\n\ndata: {json.dumps(e, ensure_ascii=False)}{ending}" for e in events)
    stream = raw.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    parser, found = SSEParser(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += parser.feed(stream[start:end])
    assert [*found, *parser.close()] == events


@given(st.binary(max_size=300))
def test_any_bytes_are_events_or_malformed(data):
    parser, kinds = SSEParser(), set()
    try:
        for index in range(0, len(data), 7):
            parser.feed(data[index : index + 7])
        parser.close()
    except ProviderFailure as failure:
        kinds.add(failure.failure.kind)
    assert kinds <= {"malformed"}


@pytest.mark.parametrize("path", RECORDED, ids=lambda p: "/".join(p.parts[-3:]))
@settings(max_examples=25)
@given(st.data())
def test_half_a_recorded_stream_is_never_another_answer(path, data):
    parser = SSEParser()
    events = [*parser.feed(path.read_bytes()), *parser.close()]
    provider = next(
        REGISTRY.provider(name)
        for name in ("openai", "anthropic", "google", "mistral")
        if name in path.parts
    )
    operation = "responses" if "responses" in path.parts else "chat.completions"

    def folded(some):
        fold, decoder = Fold(), provider.decoder(operation)
        for event in some:
            for ours in decoder.push(json.loads(json.dumps(event))):
                fold.add(ours)
        for ours in decoder.finish():
            fold.add(ours)
        return fold

    whole = folded(events)
    length = data.draw(st.integers(0, len(events)))
    part = folded(events[:length])
    texts = [
        "".join(p.text for p in fold.reply().parts if p.type == "text") for fold in (part, whole)
    ]
    assert texts[1].startswith(texts[0])
    if part.ended:
        assert part.reply().parts == whole.reply().parts


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.sampled_from([None, 0, 1])),
                max_size=8))  # fmt: skip
def test_pieces_with_one_id_are_one_call(pieces):
    numbers, seen = CallNumbers(), {}
    for identifier, index in pieces:
        number = numbers.number(identifier or None, index)
        if identifier:
            assert seen.setdefault(identifier, number) == number
        assert 0 <= number < max(len(numbers), 1)


KINDS = st.sampled_from(["rate_limit", "overloaded", "api", "network", "timeout", "malformed",
                         "credits", "invalid", "authentication"])  # fmt: skip
FAILURES = st.builds(
    Failure,
    KINDS,
    st.just(""),
    st.none() | st.sampled_from([400, 401, 408, 409, 429, 500, 503, 529]),
    retry_after_s=st.none() | st.floats(0, 10**6),
)


@given(FAILURES, st.integers(1, 50), st.integers(0, 50), st.floats(0, 1000))
def test_a_wait_fits_into_what_is_left(failure, attempt, retries, left):
    wait = wait_before_next(failure, attempt, retries, left)
    if wait is not None:
        assert 0 <= wait <= 60
        assert wait < left
        assert attempt <= retries
        assert is_retryable(failure)
        assert failure.kind not in ("credits", "invalid", "authentication") or (
            failure.status_code in (408, 409, 429, 500, 503, 529)
        )


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms"]), TEXT))
def test_any_retry_after_is_seconds_or_nothing(headers):
    seconds = retry_after(headers)
    assert seconds is None or seconds >= 0


@given(st.lists(st.booleans(), max_size=400))
def test_a_budget_lets_through_no_more_than_was_paid_in(steps):
    budget, calls, retries = RetryBudget(), 0, 0
    for is_call in steps:
        if is_call:
            budget.pay_in("p", 1)
            calls += 1
        else:
            retries += budget.take("p", 1)
    assert retries <= 50 + 0.1 * calls


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40), TEXT)
def test_no_form_of_a_key_is_left_in_a_text(key, text):
    forms = (key, quote(key, safe=""), base64.b64encode(key.encode()).decode())
    for form in forms:
        assert form not in redact(f"{text} {form} {text}", (key,)).replace("***", "\0")


@given(st.dictionaries(TEXT, JSON, max_size=4), st.dictionaries(TEXT, JSON, max_size=4))
def test_what_is_laid_over_is_there(body, extra):
    result = merged(body, extra)
    assert set(result) == {*body, *extra}
    for key, value in extra.items():
        if not isinstance(value, dict) or not isinstance(body.get(key), dict):
            assert result[key] == value


SCHEMAS = st.recursive(
    st.sampled_from([{"type": "string", "minLength": 1}, {"type": "integer", "maximum": 5},
                     {"const": "a"}, {"$ref": "#/$defs/a", "description": "d"}]),
    lambda inner: st.one_of(
        st.builds(lambda p: {"type": "object", "properties": p},
                  st.dictionaries(NAMES, inner, max_size=3)),
        st.builds(lambda i: {"type": "array", "items": i}, inner),
        st.builds(lambda a: {"anyOf": a}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)  # fmt: skip
LIMITS = SchemaLimits(keys=frozenset({"$ref", "type", "enum", "anyOf", "items"}), closed=True)


@given(SCHEMAS)
def test_a_limited_schema_stays_within_its_limits(schema):
    before = json.dumps(schema)
    wire = LIMITS.apply(schema)
    assert json.dumps(schema) == before
    allowed = {"$ref", "type", "enum", "anyOf", "items", "properties", "description",
               "additionalProperties"}  # fmt: skip

    def walk(one):
        assert set(one) <= allowed
        for inner in (*one.get("properties", {}).values(), *one.get("anyOf", ())):
            walk(inner)
        if "items" in one:
            walk(one["items"])

    walk(wire)


class ClientLife(RuleBasedStateMachine):
    """Calls, streams and closing in any order: answers or typed errors."""

    def __init__(self):
        super().__init__()
        self.server = FaultServer(VENDORS[0], lambda x: x.good())
        self.server.__enter__()
        self.client = Client(providers=self.server.providers, max_retries=0)
        self.closed = False
        self.streams = []

    def ask(self, stream):
        return self.client.chat(
            [{"role": "user", "content": "Hello"}], VENDORS[0].model, stream=stream
        )

    @rule()
    def chat(self):
        try:
            assert self.ask(False).data == "You said: Hello"
            assert not self.closed
        except IndoxError:
            assert self.closed

    @rule()
    def open_stream(self):
        try:
            self.streams.append(self.ask(True))
        except IndoxError:
            assert self.closed

    @precondition(lambda self: self.streams)
    @rule()
    def read_one(self):
        try:
            next(self.streams[-1], None)
        except IndoxError:
            assert self.closed

    @precondition(lambda self: self.streams)
    @rule()
    def leave(self):
        stream = self.streams.pop()
        stream.close()
        stream.close()
        assert list(stream) == []

    @rule()
    def close(self):
        self.client.close()
        self.closed = True

    @invariant()
    def shows_no_key(self):
        assert "sk-loopback" not in repr(self.client)

    def teardown(self):
        for stream in self.streams:
            stream.close()
        self.client.close()
        self.server.__exit__()


TestClientLife = ClientLife.TestCase
TestClientLife.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)
