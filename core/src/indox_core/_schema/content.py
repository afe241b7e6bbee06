"""The parts of a message: text, image, document, audio, tool call, tool result, reasoning."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic import ValidationError as PydanticError

from indox_core._errors import ValidationError

from .pictures import is_picture, png_of

JSON: TypeAlias = Any
"""Plain JSON data: dict, list, str, int, float, bool or None."""


class Frozen(BaseModel):
    """A value that is checked once and then never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def validation_error(error: PydanticError, prefix: str = "") -> ValidationError:
    """The first finding as a path and a sentence; the value itself is never shown."""
    finding = error.errors(include_url=False, include_input=False, include_context=False)[0]
    steps = finding["loc"]
    path = [
        str(step)
        for before, step in zip((None, *steps), steps, strict=False)
        if not (isinstance(before, int) and step in _PART_TYPES)  # pydantic's name of the branch
    ]
    where = ".".join([prefix, *path] if prefix else path)
    where = f"{where}: " if where else ""
    text = finding["msg"].removeprefix("Value error, ").replace("a valid tuple", "a list")
    if finding["type"] == "union_tag_invalid":
        text = f"unknown part type; the known ones are {', '.join(_PART_TYPES)}"
    more = error.error_count() - 1
    return ValidationError(f"{where}{text}" + (f" (and {more} more)" if more else ""))


_PART_TYPES = ("text", "image", "document", "audio", "tool_call", "tool_result", "reasoning")


def _encodable(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError("holds a lone surrogate, which UTF-8 cannot encode") from None
    return text


Text = Annotated[str, Field(strict=True), AfterValidator(_encodable)]


def is_json(value: Any) -> bool:
    """Whether the value can be written as JSON, without NaN, infinity or a lone surrogate."""
    try:
        _copied(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _copied(value: Any) -> Any:
    """A copy all the way down, so that no plugin can change what is the caller's."""
    return json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())


def _checked_json(value: dict[str, JSON]) -> dict[str, JSON]:
    try:
        copied: dict[str, JSON] = _copied(value)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("is not JSON data, or holds NaN or infinity") from None
    return copied


JSONObject = Annotated[dict[str, JSON], AfterValidator(_checked_json)]
"""A JSON object that a caller gives and a vendor gets."""


class ProviderState(Frozen):
    """What a vendor wants back unchanged in the next turn: signatures, encrypted reasoning, ids.

    It is sent only to the provider and API it came from, and left out everywhere else.
    """

    provider: str
    api: str = ""
    data: dict[str, JSON]


class Part(Frozen):
    """What all parts share."""

    provider_state: ProviderState | None = None

    def state_of(self, provider: str, api: str = "") -> dict[str, JSON] | None:
        """What that provider and API want back unchanged. `None` if the state is not theirs."""
        state = self.provider_state
        own = state is not None and (state.provider, state.api) == (provider, api)
        return state.data if state is not None and own else None


class TextPart(Part):
    """Text. A part with a state and no text stands for what has no place in the schema, such as
    the call of a tool that the vendor runs itself."""

    type: Literal["text"] = "text"
    text: Text


class Media(Frozen):
    """Bytes in base64 or a URL; exactly one of the two.

    `data` is also accepted as `bytes`, as a PIL image and as a numpy array (uint8), which become
    PNG, and `url` as a `data:` URL. Nothing is ever downloaded.
    """

    data: str | None = None
    url: str | None = None
    media_type: str | None = None
    """Such as `image/jpeg`. Told from the bytes if absent; `None` for a URL that does not say."""
    name: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_spellings(cls, value: Any) -> Any:
        if isinstance(value, str):  # a URL alone
            value = {"url": value}
        elif is_picture(value):
            value = {"data": value}
        if not isinstance(value, Mapping):
            return value
        media = dict(value)
        if is_picture(media.get("data")):
            media["data"] = png_of(media["data"])
        url = media.get("url")
        if isinstance(url, str) and url[:5].lower() == "data:":
            header, comma, data = url[5:].partition(",")
            media_type, *parameters = header.lower().split(";")
            if not comma or parameters[-1:] != ["base64"]:
                raise ValueError("a data: URL must read data:<media type>;base64,<data>")
            del media["url"]
            media["data"] = data
            media.setdefault("media_type", media_type)
        if isinstance(media.get("data"), bytes | bytearray | memoryview):
            media["data"] = base64.b64encode(media["data"]).decode()
        return media

    @model_validator(mode="after")
    def _check(self) -> Media:
        if (self.data is None) == (self.url is None):
            raise ValueError("give either data (base64) or url")
        if self.url is not None:
            _check_url(self.url)
        return self

    @property
    def data_url(self) -> str:
        """The bytes as a `data:` URL, or the URL itself."""
        return self.url or f"data:{self.media_type};base64,{self.data}"


def _check_url(url: str) -> None:
    if not url.isprintable() or " " in url:
        raise ValueError("url holds a space or a control character")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("url cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("url must begin with https:// or http:// and name a host")


_SIGNATURES: tuple[tuple[bytes, int, str], ...] = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"%PDF", 0, "application/pdf"),
    (b"WAVE", 8, "audio/wav"),
    (b"ID3", 0, "audio/mpeg"),
    (b"\xff\xfb", 0, "audio/mpeg"),
    (b"OggS", 0, "audio/ogg"),
    (b"fLaC", 0, "audio/flac"),
)
_ALIASES = {
    "image/jpg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
}
_KINDS = {"image": ("image/",), "audio": ("audio/",), "document": ("application/", "text/")}


MEDIA_TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif",
    "webp": "image/webp", "heic": "image/heic", "pdf": "application/pdf", "txt": "text/plain",
    "md": "text/markdown", "html": "text/html", "csv": "text/csv", "json": "application/json",
    "wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "flac": "audio/flac",
    "m4a": "audio/mp4", "mp4": "video/mp4",
}  # fmt: skip
"""Media types by the ending of a name; the system's own table would be read from a file."""


def _type_of_bytes(raw: bytes) -> str | None:
    for signature, offset, media_type in _SIGNATURES:
        if raw[offset : offset + len(signature)] == signature:
            return media_type
    return None


_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _beginning(data: str) -> bytes:
    """The first bytes of data in base64, all of which is checked without being decoded: an image
    may have megabytes. Raises `ValueError`."""
    if not data:
        raise ValueError("data is empty")
    # What is left besides the alphabet may be only the padding at the end.
    rest = data.encode("ascii", "replace").translate(None, _ALPHABET)
    if len(data) % 4 or rest not in (b"", b"=", b"==") or not data.endswith(rest.decode()):
        raise ValueError("data is not valid base64")
    try:
        binascii.a2b_base64(data[-4:], strict_mode=True)
    except ValueError:  # as strict as the whole would be: such as bits left over at the end
        raise ValueError("data is not valid base64") from None
    return binascii.a2b_base64(data[:64])


def _checked_media(kind: str, media: Media) -> Media:
    """The media with its type filled in.

    Raises `ValueError` for data that is not base64, and for a type that is not of this kind or
    that the bytes contradict.
    """
    declared = (media.media_type or "").lower().partition(";")[0].strip()
    declared = _ALIASES.get(declared, declared)
    found = None
    if media.data is not None:
        found = _type_of_bytes(_beginning(media.data))
        if found == "audio/mpeg" and declared.startswith("audio/"):
            found = None  # the first bytes of other sounds may look like a frame of an mp3
        if not declared and not found:
            raise ValueError("media_type is missing and the bytes do not tell it")
    if (declared or found) and not (declared or found or "").startswith(_KINDS[kind]):
        raise ValueError(f"media_type is not that of {'an' if kind != 'document' else 'a'} {kind}")
    if declared and found and declared != found and not declared.startswith("text/"):
        raise ValueError(f"media_type says {declared}, the bytes say {found}")
    media_type = declared or found
    if media_type == media.media_type:
        return media
    return media.model_copy(update={"media_type": media_type})


class _MediaPart(Part):
    @model_validator(mode="before")
    @classmethod
    def _read_flat_spelling(cls, value: Any) -> Any:
        """`{"type": "image", "url": ...}` is read as `{"type": "image", "image": {"url": ...}}`."""
        kind = cls.model_fields["type"].default
        if isinstance(value, Mapping) and kind not in value:
            flat = {key: value[key] for key in Media.model_fields if key in value}
            if flat:
                rest = {key: item for key, item in value.items() if key not in flat}
                return {**rest, kind: flat}
        return value


ImageDetail: TypeAlias = Literal["auto", "low", "high"]


class ImagePart(_MediaPart):
    """An image: `{"type": "image", "image": {"data": base64, "media_type": "image/jpeg"}}`.

    `{"image": {"url": ...}}` works where the vendor fetches URLs itself.
    """

    type: Literal["image"] = "image"
    image: Annotated[Media, AfterValidator(lambda media: _checked_media("image", media))]
    detail: ImageDetail | None = None
    """How closely the model looks. `None`: the vendor decides."""

    @classmethod
    def from_path(
        cls, path: str | PathLike[str], *, detail: ImageDetail | None = None
    ) -> ImagePart:
        """The image in a file. Raises `OSError` if it cannot be read, `ValidationError` if it is no
        image that the bytes tell."""
        return cls.from_bytes(Path(path).read_bytes(), detail=detail)

    @classmethod
    def from_bytes(
        cls,
        data: bytes | bytearray | memoryview,
        media_type: str | None = None,
        *,
        detail: ImageDetail | None = None,
    ) -> ImagePart:
        """The image in bytes. `media_type` is told from them if `None`.

        Raises `ValidationError` for what is no image, or not of that type.
        """
        if not isinstance(data, bytes | bytearray | memoryview):
            raise ValidationError(f"data must be bytes, not {type(data).__name__}")
        return cls._read({"image": {"data": data, "media_type": media_type}, "detail": detail})

    @classmethod
    def from_url(cls, url: str, *, detail: ImageDetail | None = None) -> ImagePart:
        """An image that the vendor fetches, or a `data:` URL. Raises `ValidationError`."""
        return cls._read({"image": {"url": url}, "detail": detail})

    @classmethod
    def _read(cls, value: dict[str, Any]) -> ImagePart:
        try:
            return cls.model_validate(value)
        except PydanticError as error:
            raise validation_error(error) from None


Image = ImagePart
"""The name to write: `Image.from_path("cat.jpg")`."""


class DocumentPart(_MediaPart):
    """A document, most often a PDF."""

    type: Literal["document"] = "document"
    document: Annotated[Media, AfterValidator(lambda media: _checked_media("document", media))]


class AudioPart(_MediaPart):
    """A sound recording."""

    type: Literal["audio"] = "audio"
    audio: Annotated[Media, AfterValidator(lambda media: _checked_media("audio", media))]


MADE_UP_CALL = "call_indox_"
"""How the id of a call begins whose vendor gave it none; its number in the answer follows."""


class ToolCallPart(Part):
    """The model asks for a function to be called."""

    type: Literal["tool_call"] = "tool_call"
    id: Text
    name: Text
    arguments: JSONObject | None = None
    """`None` if the model wrote something that is not a JSON object; see `arguments_raw`."""
    arguments_raw: Text | None = None
    """The text that the model wrote, kept where it is not a JSON object."""


class ToolResultPart(Part):
    """What a function returned."""

    type: Literal["tool_result"] = "tool_result"
    tool_call_id: Text
    name: Text | None = None
    content: tuple[Annotated[TextPart | ImagePart, Field(discriminator="type")], ...]
    is_error: bool = False

    @property
    def text(self) -> str:
        """The text of the result, without its images."""
        return "".join(part.text for part in self.content if isinstance(part, TextPart))


class ReasoningPart(Part):
    """What the model thought before it answered. Some vendors show none of it: `text` is ''."""

    type: Literal["reasoning"] = "reasoning"
    text: Text = ""


ContentPart: TypeAlias = Annotated[
    TextPart | ImagePart | DocumentPart | AudioPart | ToolCallPart | ToolResultPart | ReasoningPart,
    Field(discriminator="type"),
]


def with_results(parts: tuple[ContentPart, ...]) -> Iterator[ContentPart]:
    """The parts, each tool result followed by what it holds."""
    for part in parts:
        yield part
        if isinstance(part, ToolResultPart):
            yield from part.content


def media_part(
    data: Any, media_type: Any, opaque: ProviderState, state: ProviderState | None = None
) -> TextPart | ImagePart | AudioPart:
    """An image or sound of an answer, with the state that goes back with it.

    Its bytes decide what it is. What is neither, or cannot be read, becomes the opaque part: an
    answer is never lost for it.
    """
    kinds: dict[str, type[ImagePart | AudioPart]] = {"image": ImagePart, "audio": AudioPart}
    for declared in (media_type, None):
        found = declared if isinstance(declared, str) else _type_of(data)
        kind = str(found).partition("/")[0]
        if kind in kinds:
            try:
                return kinds[kind].model_validate(
                    {
                        "type": kind,
                        kind: {"data": data, "media_type": found},
                        "provider_state": state,
                    }
                )
            except ValueError:
                continue
    return TextPart(text="", provider_state=opaque)


def _type_of(data: Any) -> str | None:
    try:
        return _type_of_bytes(binascii.a2b_base64(str(data)[:64]))
    except ValueError:
        return None
