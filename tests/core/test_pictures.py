"""Images as programs hold them: files, bytes, URLs, PIL images, numpy arrays."""

from __future__ import annotations

import base64
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as PIL

from indox_core import Client, Image, ImagePart, ValidationError
from indox_core.testing import FakeProvider

JPEG = b"\xff\xd8\xff\xe0" + bytes(16)
RED = PIL.new("RGB", (3, 2), "red")


def sent(part):
    """The one image that a provider is asked with."""
    fake = FakeProvider("ok")
    with Client(plugins=[fake]) as client:
        client.chat([{"role": "user", "content": ["What is it?", part]}], "fake/m")
    (image,) = [p for p in fake.requests[0].messages[0].content if isinstance(p, ImagePart)]
    return image.image


def shown(media):
    """The picture that the provider would see."""
    assert media.media_type == "image/png"
    return PIL.open(io.BytesIO(base64.b64decode(media.data)))


def test_from_a_file_bytes_and_a_url(tmp_path):
    path = tmp_path / "no-ending"
    path.write_bytes(JPEG)
    for part in (Image.from_path(path), Image.from_path(str(path)), Image.from_bytes(JPEG)):
        assert base64.b64decode(sent(part).data) == JPEG
        assert part.image.media_type == "image/jpeg"
    assert Image.from_url("https://example.org/cat.png").image.url
    data_url = f"data:image/jpeg;base64,{base64.b64encode(JPEG).decode()}"
    assert Image.from_url(data_url) == Image.from_bytes(JPEG, "image/jpeg")
    assert Image.from_path(path, detail="low").detail == "low"


def test_what_is_no_image_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        Image.from_path(tmp_path / "absent.jpg")
    (tmp_path / "text.jpg").write_text("text")
    for refused in (
        lambda: Image.from_path(tmp_path / "text.jpg"),
        lambda: Image.from_bytes(b""),
        lambda: Image.from_bytes(io.BytesIO(JPEG)),
        lambda: Image.from_bytes(JPEG, "image/png"),
        lambda: Image.from_bytes(b"%PDF-1.7"),
        lambda: Image.from_url("ftp://example.org/cat.png"),
    ):
        with pytest.raises(ValidationError) as caught:
            refused()
        assert "text.jpg" not in str(caught.value)


@pytest.mark.parametrize(
    "mode", ["RGB", "RGBA", "L", "LA", "P", "PA", "1", "CMYK", "YCbCr", "I;16"]
)
def test_a_pil_image_in_any_mode(mode):
    one = RED.convert("L").convert("I").convert(mode) if mode == "I;16" else RED.convert(mode)
    picture = shown(sent(one))
    assert picture.size == (3, 2)
    if mode == "I;16":
        assert picture.getpixel((0, 0)) == one.getpixel((0, 0))
        return
    seen, wanted = (p.convert("RGB").getpixel((0, 0)) for p in (picture, one))
    assert max(abs(a - b) for a, b in zip(seen, wanted, strict=True)) <= 2


def test_a_photograph_is_the_right_way_up():
    photo = PIL.new("RGB", (3, 2), "red")
    held = PIL.Exif()
    held[0x0112] = 6  # turned to the right
    written = io.BytesIO()
    photo.save(written, "JPEG", exif=held)
    with PIL.open(written) as opened:
        assert shown(sent(opened)).size == (2, 3)


def test_what_is_clear_stays_clear():
    clear = PIL.new("RGBA", (2, 2), (0, 255, 0, 0))
    for mode in ("RGBA", "PA", "RGBa"):
        assert shown(sent(clear.convert(mode))).convert("RGBA").getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("mode", ["I", "F", "I;16B"])
def test_numbers_that_are_no_colours_are_refused(mode):
    with pytest.raises(ValidationError, match="convert it first"):
        sent(PIL.new(mode, (2, 2), 1000))


def test_an_image_whose_file_is_cut_is_refused(tmp_path):
    written = io.BytesIO()
    PIL.effect_noise((64, 64), 50).save(written, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(written.getvalue()[:-500])
    with PIL.open(tmp_path / "cut.jpg") as cut, pytest.raises(ValidationError, match="be read"):
        sent(cut)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (2, 3, 3), (2, 3, 4)])
def test_a_numpy_array(shape):
    assert shown(sent(np.full(shape, 200, np.uint8))).size == (3, 2)


def test_in_the_other_spellings():
    assert shown(sent({"type": "image", "image": RED})).size == (3, 2)
    assert shown(sent({"type": "image", "image": {"data": RED}})).size == (3, 2)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 3), float),
        np.zeros((2, 3, 2), np.uint8),
        np.zeros(6, np.uint8),
        np.zeros((0, 3), np.uint8),
    ],
)
def test_an_array_that_shows_nothing_is_refused(array):
    with pytest.raises(ValidationError, match=r"messages\.0.*array"):
        sent(array)


def test_neither_library_is_imported_for_it():
    code = (
        "import sys\nfrom indox_core import Client, ValidationError\n"
        "try: Client().chat([{'role': 'user', 'content': [object()]}], 'echo/x')\n"
        "except ValidationError: pass\n"
        "assert not {'PIL', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)


def test_an_array_without_pillow_says_what_to_install():
    code = (
        "import sys; sys.modules['PIL'] = None\nimport numpy\n"
        "from indox_core import Client, ValidationError\n"
        "content = [numpy.zeros((2, 2), 'uint8')]\n"
        "try: Client().chat([{'role': 'user', 'content': content}], 'echo/x')\n"
        "except ValidationError as error: assert 'pip install pillow' in str(error), error\n"
        "else: raise SystemExit('no error')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)
