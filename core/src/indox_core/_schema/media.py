"""Bytes and URLs: their base64, and what type of file they are."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import model_validator

from .base import Frozen, Text
from .pictures import is_picture, png_of


class Media(Frozen):
    """Bytes in base64, a URL or a vendor's own id of a file; exactly one of the three.

    `data` is also accepted as `bytes`, as a PIL image and as a numpy array (uint8), which become
    PNG, and `url` as a `data:` URL. Nothing is ever downloaded.
    """

    data: str | None = None
    url: str | None = None
    id: Text | None = None
    """Of a file that was uploaded to the vendor, which alone can read it."""
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
        if [self.data, self.url, self.id].count(None) != 2:
            raise ValueError("give either data (base64) or url, or the vendor's own id")
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


def type_of_bytes(raw: bytes) -> str | None:
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


def checked_media(kind: str, media: Media) -> Media:
    """The media with its type filled in.

    Raises `ValueError` for data that is not base64, and for a type that is not of this kind or
    that the bytes contradict.
    """
    declared = (media.media_type or "").lower().partition(";")[0].strip()
    declared = _ALIASES.get(declared, declared)
    found = None
    if media.data is not None:
        found = type_of_bytes(_beginning(media.data))
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
