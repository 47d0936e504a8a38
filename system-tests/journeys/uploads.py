"""Files as people and attackers send them, and forms that carry them."""

import shutil
import struct
import subprocess
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from PIL import Image
from pillow_heif import register_heif_opener

SCRIPT: Final = b"<html><script>alert(document.domain)</script></html>"
SVG: Final = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
ZIP: Final = b"PK\x03\x04\x14\x00\x00\x00\x00\x00" + b"\x00" * 40 + b"PK\x05\x06" + b"\x00" * 18
PDF: Final = b"%PDF-1.7\n1 0 obj <</OpenAction <</S /JavaScript>> >> endobj\n%%EOF\n"
_BOUNDARY: Final = b"the-boundary"
FORM: Final = f"multipart/form-data; boundary={_BOUNDARY.decode()}"
_GPS: Final = 0x8825


@dataclass(frozen=True)
class Sent:
    """A file, with what a form says of it."""

    content: bytes
    name: bytes = b"cat.png"
    declared: bytes = b"image/png"

    @property
    def head(self) -> bytes:
        """What stands before the bytes of the file in a form."""
        disposition = b'form-data; name="file"; filename="' + self.name + b'"'
        fields = [b"content-disposition: " + disposition, b"content-type: " + self.declared]
        return b"--" + _BOUNDARY + b"\r\n" + b"\r\n".join(fields) + b"\r\n\r\n"

    @property
    def form(self) -> bytes:
        """The body of a form with this file alone."""
        return self.head + self.content + TAIL


TAIL: Final = b"\r\n--" + _BOUNDARY + b"--\r\n"


async def slowly(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A form whose file comes in pieces."""
    yield Sent(b"").head + first
    async for piece in rest:
        yield piece
    yield TAIL


@cache
def picture(kind: str = "JPEG", width: int = 64, **options: Any) -> bytes:
    """A picture of that kind and width."""
    register_heif_opener()
    output = BytesIO()
    Image.linear_gradient("L").resize((width, 48)).convert("RGB").save(output, kind, **options)
    return output.getvalue()


def photograph() -> bytes:
    """A JPEG with a place and a camera in it."""
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    exif.get_ifd(_GPS)[1] = "N"
    exif.get_ifd(_GPS)[2] = (52.0, 31.0, 12.0)
    output = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(output, "JPEG", exif=exif, comment=b"SECRET")
    return output.getvalue()


def moving(kind: str) -> bytes:
    """Three frames."""
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    output = BytesIO()
    frames[0].save(output, kind, save_all=True, append_images=frames[1:], duration=50)
    return output.getvalue()


def bomb(edge: int = 50_000) -> bytes:
    """A PNG of that many pixels each way, all of them black."""
    packer = zlib.compressobj(1)
    rows = bytes(100 * (1 + edge // 8))
    packed = b"".join(packer.compress(rows) for _ in range(edge // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", edge, edge, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def clip() -> bytes | None:
    """A second of an MP4; None where there is no ffmpeg."""
    if shutil.which("ffmpeg") is None:
        return None
    with TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        source = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1")
        command = ["ffmpeg", "-loglevel", "error", "-nostdin", *source, str(path)]
        subprocess.run(command, check=True, timeout=60)  # noqa: S603
        return path.read_bytes()
