"""Real files of every kind, made small."""

from io import BytesIO
from typing import Any

from PIL import Image, PngImagePlugin
from pillow_heif import register_heif_opener

GPS_IFD = 0x8825
ORIENTATION = 0x0112


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    """A picture with a gradient, encoded."""
    register_heif_opener()
    mode = options.pop("mode", "RGB")
    picture = Image.linear_gradient("L").resize(size).convert(mode)
    output = BytesIO()
    picture.save(output, kind, **options)
    return output.getvalue()


def a_photograph(size: tuple[int, int] = (64, 48), orientation: int = 6) -> bytes:
    """A JPEG with a place, a camera and an orientation in it."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "SECRET CAMERA"
    exif.get_ifd(GPS_IFD)[1] = "N"
    exif.get_ifd(GPS_IFD)[2] = (52.0, 31.0, 12.0)
    return a_picture(size=size, exif=exif, comment=b"SECRET COMMENT")


def a_png_that_talks() -> bytes:
    """A PNG with a text in it."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "SECRET TEXT")
    return a_picture("PNG", mode="RGBA", pnginfo=info)


def a_moving_gif() -> bytes:
    """A GIF of three frames."""
    frames = [Image.new("P", (32, 32), colour) for colour in (1, 2, 3)]
    output = BytesIO()
    frames[0].save(output, "GIF", save_all=True, append_images=frames[1:], duration=50)
    return output.getvalue()


def a_bomb(edge: int = 20_000) -> bytes:
    """A PNG of few bytes and very many pixels."""
    output = BytesIO()
    Image.new("1", (edge, edge)).save(output, "PNG", optimize=True)
    return output.getvalue()
