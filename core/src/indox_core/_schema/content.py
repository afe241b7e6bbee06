"""The parts of a message: text, image, document, audio, tool call, tool result, reasoning."""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator
from pydantic import ValidationError as PydanticError
from pydantic_core import from_json

from indox_core._errors import ValidationError

from .base import JSON, Frozen, JSONObject, Text, WithOptions, validation_error
from .media import Media, checked_media, type_of_bytes


class ProviderState(Frozen):
    """What a vendor wants back unchanged in the next turn: signatures, encrypted reasoning, ids.

    It is sent only to the provider and API it came from, and left out everywhere else.
    """

    provider: str
    api: str = ""
    data: dict[str, JSON]


class Part(WithOptions):
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
    image: Annotated[Media, AfterValidator(lambda media: checked_media("image", media))]
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
    document: Annotated[Media, AfterValidator(lambda media: checked_media("document", media))]


class AudioPart(_MediaPart):
    """A sound recording."""

    type: Literal["audio"] = "audio"
    audio: Annotated[Media, AfterValidator(lambda media: checked_media("audio", media))]


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
    written: Text | None = None
    """The text of `arguments` as the model wrote it, which goes back so: a vendor's cache of the
    prompt holds up to the first byte that differs. `None`: the vendor gave an object.

    It does not count in comparisons, and is forgotten where the arguments are others.
    """

    @model_validator(mode="after")
    def _forget_other_text(self) -> ToolCallPart:
        if self.written is not None and not self.is_as_written:
            self.__dict__["written"] = None
        return self

    @property
    def is_as_written(self) -> bool:
        """Whether the arguments are still those of the text; a dict may be changed in place."""
        try:
            return bool(from_json(self.written or "") == self.arguments)
        except ValueError:
            return False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ToolCallPart):
            return NotImplemented
        mine, others = self.__dict__, other.__dict__
        return all(mine[name] == others[name] for name in mine if name != "written")

    __hash__ = None  # type: ignore[assignment] # its arguments may be changed


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
        return type_of_bytes(binascii.a2b_base64(str(data)[:64]))
    except ValueError:
        return None
