"""Pictures: decoded, turned upright, stripped of all that is no pixel, and encoded anew."""

import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import blurhash
from PIL import Image, ImageCms, ImageOps
from pillow_heif import register_heif_opener

SIZES: Final = {"small": 320, "medium": 960, "large": 1920}
"""The longest edge of each variant, pixels; a smaller picture keeps its size."""
_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "HEIF", "AVIF")
_BLUR_EDGE: Final = 32
_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_WHITE: Final = (255, 255, 255)


class Damaged(Exception):
    """The picture cannot be decoded, or is larger than pictures may be."""


class TooSlow(Damaged):
    """It was not done in the time that there was."""


@dataclass(frozen=True, slots=True)
class Made:
    """One file that was made of a picture."""

    name: str
    file: str
    content_type: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Pictures:
    """All that was made of a picture, and what it is, upright."""

    width: int
    height: int
    blurhash: str
    made: list[Made]


def make(source: Path, folder: Path, most_pixels: int) -> Pictures:
    """Write each size as WebP and as JPEG into `folder`. Raises `Damaged`."""
    picture = _decoded(source, most_pixels)
    made = []
    for name, edge in SIZES.items():
        scaled = picture.copy()
        scaled.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=3.0)
        made.append(_saved(scaled, folder, name, "webp", quality=80, method=4))
        made.append(_saved(_opaque(scaled), folder, name, "jpg", quality=82, progressive=True))
    return Pictures(picture.width, picture.height, _blurhash(picture), made)


def make_poster(source: Path, folder: Path, most_pixels: int) -> Pictures:
    """Write one JPEG, the poster of a clip, into `folder`. Raises `Damaged`."""
    picture = _decoded(source, most_pixels)
    edge = SIZES["large"]
    picture.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    made = _saved(_opaque(picture), folder, "poster", "jpg", quality=82, progressive=True)
    return Pictures(picture.width, picture.height, _blurhash(picture), [made])


def _decoded(source: Path, most_pixels: int) -> Image.Image:
    register_heif_opener()
    Image.MAX_IMAGE_PIXELS = most_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=_FORMATS) as opened:
                return _upright(opened)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Damaged(f"it has more than {most_pixels} pixels") from error
    except MemoryError as error:
        raise Damaged("it takes too much memory") from error
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError) as error:
        raise Damaged("it is damaged") from error


def _upright(opened: Image.Image) -> Image.Image:
    """The first frame, in sRGB, the way up that its maker saw it; metadata stays behind."""
    profile = opened.info.get("icc_profile")
    opened.load()
    turned = ImageOps.exif_transpose(opened)
    has_alpha = turned.has_transparency_data
    plain = turned.convert("RGBA" if has_alpha else "RGB")
    if profile and opened.mode in ("RGB", "RGBA"):
        plain = _in_srgb(plain, profile)
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    return bare


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Colours as a screen without colour management shows them; a broken profile is none."""
    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(picture, given, _SRGB) or picture
    except (ImageCms.PyCMSError, OSError):
        return picture


def _opaque(picture: Image.Image) -> Image.Image:
    """On white, as JPEG knows no transparency."""
    if picture.mode == "RGB":
        return picture
    ground = Image.new("RGB", picture.size, _WHITE)
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _saved(picture: Image.Image, folder: Path, name: str, suffix: str, **options: object) -> Made:
    path = folder / f"{name}.{suffix}"
    kind = "JPEG" if suffix == "jpg" else "WEBP"
    picture.save(path, kind, **options)
    size = path.stat().st_size
    return Made(name, path.name, f"image/{kind.lower()}", picture.width, picture.height, size)


def _blurhash(picture: Image.Image) -> str:
    small = _opaque(picture).resize((_BLUR_EDGE, _BLUR_EDGE), Image.Resampling.BOX)
    pixels = list(small.getdata())
    rows = [pixels[at : at + _BLUR_EDGE] for at in range(0, len(pixels), _BLUR_EDGE)]
    text: str = blurhash.encode(rows, components_x=4, components_y=3)
    return text
