"""Pictures as programs hold them: PIL images and numpy arrays, if those libraries are there."""

from __future__ import annotations

import io
import sys
from typing import Any

_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
_WITH_ALPHA = ("PA", "La", "RGBa")


def is_picture(value: Any) -> bool:
    """Whether it is a PIL image or a numpy array. Neither library is imported for the question."""
    for module, name in (("PIL.Image", "Image"), ("numpy", "ndarray")):
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(value, getattr(loaded, name, ())):
            return True
    return False


def png_of(picture: Any) -> bytes:
    """The picture as PNG; colours that PNG does not have, such as CMYK, become RGB.

    Raises `ValueError` for an array or an image that shows none, and for a file that is cut.
    """
    if not hasattr(picture, "save"):
        picture = _from_array(picture)
    if picture.mode[0] in "IF" and picture.mode not in _PNG_MODES:
        # One large number per pixel, and nobody says which is white.
        raise ValueError(f"an image of mode {picture.mode} has no colours; convert it first")
    written = io.BytesIO()
    try:
        from PIL import ImageOps

        picture = ImageOps.exif_transpose(picture)  # a camera's note of how it was held
        if picture.mode not in _PNG_MODES:
            picture = picture.convert("RGBA" if picture.mode in _WITH_ALPHA else "RGB")
        picture.save(written, "PNG")
    except (OSError, SyntaxError, ValueError):  # its file is read only now
        raise ValueError("the image cannot be read") from None
    return written.getvalue()


def _from_array(array: Any) -> Any:
    shape = array.shape
    channels = shape[2] if len(shape) == 3 else 1
    if array.dtype.name != "uint8" or len(shape) not in (2, 3) or channels not in (1, 3, 4):
        raise ValueError(
            "an array is an image if it is uint8, height x width or height x width x 1, 3 or 4"
        )
    if array.size == 0:
        raise ValueError("the array is empty")
    try:
        from PIL import Image
    except ImportError:
        raise ValueError("an array is written as PNG by Pillow: pip install pillow") from None
    return Image.fromarray(array[:, :, 0] if shape[2:] == (1,) else array)
