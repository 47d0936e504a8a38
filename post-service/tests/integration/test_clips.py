"""Clips in real worker processes: with ffmpeg and without, whole, broken and hostile."""

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from post_service.adapters.media_worker.processes import Bounds
from post_service.domain.media import Outcome, ProcessingFailed
from tests.builders import worker_processes
from tests.clips import a_clip, ffmpeg, needs_ffmpeg, probed

pytestmark = needs_ffmpeg

MP4, MOV, WEBM = "video/mp4", "video/quicktime", "video/webm"


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """Where a worker writes."""
    folder = tmp_path / "shown"
    folder.mkdir()
    return folder


async def made(
    shown: Path, content: bytes, content_type: str = MP4, bounds: Bounds | None = None
) -> Outcome:
    """What a worker makes of a file."""
    source = shown.parent / "source"
    source.write_bytes(content)
    return await worker_processes(bounds).process(source, shown, content_type, in_idle_time=False)


def size_of(picture: Path) -> tuple[int, int]:
    """Width and height of a picture."""
    with Image.open(picture) as opened:
        return opened.size


async def failure_of(shown: Path, content: bytes, content_type: str = MP4) -> str:
    """Why a worker makes nothing of it."""
    with pytest.raises(ProcessingFailed) as caught:
        await made(shown, content, content_type)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content_type", "suffix", "options"),
    [(MP4, "mp4", ()), (MOV, "mov", ()), (WEBM, "webm", ("-c:v", "libvpx", "-c:a", "libopus"))],
)
async def test_a_clip_is_measured_and_given_a_poster(
    shown: Path, tmp_path: Path, content_type: str, suffix: str, options: tuple[str, ...]
) -> None:
    content = a_clip(tmp_path / f"given.{suffix}", *options)
    outcome = await made(shown, content, content_type)
    assert (outcome.width, outcome.height, outcome.kept_as_sent) == (64, 48, False)
    assert 900 <= outcome.duration_ms <= 1200
    assert len(outcome.blurhash) == 28
    clip, poster = outcome.variants
    assert (clip.name, clip.file, clip.content_type) == ("clip", f"clip.{suffix}", content_type)
    assert (poster.name, poster.content_type) == ("poster", "image/jpeg")
    assert (poster.width, poster.height) == size_of(shown / poster.file) == (64, 48)
    for variant in outcome.variants:
        assert (shown / variant.file).stat().st_size == variant.bytes
    assert probed(shown / clip.file).count('"codec_type"') == 2


async def test_a_clip_loses_what_it_says_of_its_maker(shown: Path, tmp_path: Path) -> None:
    content = a_clip(tmp_path / "given.mov")
    assert b"SECRET" in content
    assert b"+52.5200" in content
    await made(shown, content, MOV)
    left = (shown / "clip.mov").read_bytes()
    assert b"SECRET" not in left
    assert b"+52.5200" not in left


async def test_a_clip_that_lies_on_its_side_is_measured_upright(
    shown: Path, tmp_path: Path
) -> None:
    a_clip(tmp_path / "lying.mp4")
    turned = tmp_path / "turned.mp4"
    rotate = ("-metadata:s:v:0", "rotate=90", "-c", "copy")
    ffmpeg("-i", str(tmp_path / "lying.mp4"), *rotate, str(turned))
    outcome = await made(shown, turned.read_bytes())
    assert (outcome.width, outcome.height) == (48, 64)
    assert size_of(shown / "poster.jpg") == (48, 64)


async def test_a_clip_can_begin_before_it_is_there_whole(shown: Path, tmp_path: Path) -> None:
    content = a_clip(tmp_path / "given.mp4")
    assert content.index(b"moov") > content.index(b"mdat")
    await made(shown, content)
    left = (shown / "clip.mp4").read_bytes()
    assert left.index(b"moov") < left.index(b"mdat")


async def test_without_ffmpeg_a_clip_is_kept_as_it_is_and_marked_so(
    shown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = a_clip(tmp_path / "given.mp4")
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = await made(shown, content)
    assert (outcome.kept_as_sent, outcome.width, outcome.height) == (True, 0, 0)
    assert [(one.name, one.file) for one in outcome.variants] == [("clip", "clip.mp4")]
    assert (shown / "clip.mp4").read_bytes() == content


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
async def test_a_clip_without_its_end_has_failed(shown: Path, tmp_path: Path, kept: float) -> None:
    content = a_clip(tmp_path / "given.mp4")
    assert await failure_of(shown, content[: int(len(content) * kept)]) == "it is damaged"


async def test_a_clip_that_claims_to_be_enormous_has_failed(shown: Path, tmp_path: Path) -> None:
    content = bytearray(a_clip(tmp_path / "given.mp4"))
    at = content.rindex(b"avc1") + 4 + 24  # ISO 14496-12, 12.1.3: width and height, 16 bits each
    assert struct.unpack_from(">HH", content, at) == (64, 48)
    track = content.index(b"tkhd")
    struct.pack_into(">HH", content, at, 65535, 65535)
    struct.pack_into(">II", content, track + 4 + 76, 65535 << 16, 65535 << 16)
    sizes = content.index(b"stsz")
    struct.pack_into(">I", content, sizes + 12, 0x7FFFFFFF)
    assert await failure_of(shown, bytes(content)) == "it is damaged"


async def test_a_clip_of_too_many_pixels_has_failed(shown: Path, tmp_path: Path) -> None:
    content = a_clip(tmp_path / "given.mp4")
    with pytest.raises(ProcessingFailed, match="it has more than 1000 pixels"):
        await made(shown, content, MP4, Bounds(pixels=1000))


async def test_sound_alone_has_failed(shown: Path, tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", str(path))
    assert await failure_of(shown, path.read_bytes()) == "it shows nothing"


@pytest.mark.parametrize("content_type", [MP4, WEBM])
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x00\x00\x18ftypmp42" + b"\xff" * 5000, b"\x1aE\xdf\xa3" + b"\xff" * 5000],
)
async def test_noise_has_failed(shown: Path, content: bytes, content_type: str) -> None:
    assert await failure_of(shown, content, content_type) in ("it is damaged", "it shows nothing")


class Doorman:
    """A server that nobody should call; it notes who does."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.2)
        self._is_open = True
        self.callers = 0
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def _watch(self) -> None:
        while self._is_open:
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.callers += 1
            connection.close()

    def leave(self) -> None:
        """Watch no longer."""
        self._is_open = False
        self._thread.join()
        self._listener.close()


@pytest.fixture
def doorman() -> Iterator[Doorman]:
    watching = Doorman()
    yield watching
    watching.leave()


def playlists(address: str, neighbour: Path) -> dict[str, bytes]:
    """Texts that ffmpeg, left alone, takes for clips that lie elsewhere."""
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"
    return {
        "hls of a host": hls.format(f"{address}/x.ts").encode(),
        "hls of a file": hls.format(f"file://{neighbour}").encode(),
        "concat": f"ffconcat version 1.0\nfile '{neighbour}'\n".encode(),
        "dash": (
            "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'>"
            f"<Period><AdaptationSet><Representation id='1'><BaseURL>{address}/x.mp4</BaseURL>"
            "</Representation></AdaptationSet></Period></MPD>"
        ).encode(),
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "svg": f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{address}'/></svg>".encode(),
    }


@pytest.mark.parametrize("which", list(playlists("", Path())))
async def test_a_playlist_leads_nowhere(
    shown: Path, tmp_path: Path, doorman: Doorman, which: str
) -> None:
    neighbour = tmp_path / "neighbour.mp4"
    a_clip(neighbour)
    content = playlists(f"http://127.0.0.1:{doorman.port}", neighbour)[which]
    for content_type in (MP4, MOV, WEBM):
        await failure_of(shown, content, content_type)
    assert doorman.callers == 0


def a_reference(kind: bytes, target: bytes) -> bytes:
    """A data reference box (ISO 14496-12, 8.7.2) that says: the samples lie there."""
    entry = struct.pack(">I4sI", 12 + len(target), kind, 0) + target
    body = struct.pack(">II", 0, 1) + entry
    return struct.pack(">I4s", 8 + len(body), b"dref") + body


@pytest.mark.parametrize("scheme", ["http", "file"])
async def test_a_clip_whose_samples_lie_elsewhere_reads_nothing_there(
    shown: Path, tmp_path: Path, doorman: Doorman, scheme: str
) -> None:
    """The reference takes the place of a box of the same size, so that offsets stay."""
    neighbour = tmp_path / "neighbour.mp4"
    neighbour.write_bytes(b"NEIGHBOUR" * 10_000)
    address = f"http://127.0.0.1:{doorman.port}/x" if scheme == "http" else f"file://{neighbour}"
    content = bytearray(a_clip(tmp_path / "given.mov"))
    own = content.index(b"dref") - 4
    (size,) = struct.unpack_from(">I", content, own)
    reference = a_reference(b"url ", address.encode() + b"\0")
    moov = content.index(b"moov") - 4
    grown = bytes(content[:own]) + reference + bytes(content[own + size :])
    fixed = bytearray(grown)
    more = len(reference) - size
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        at = content.index(box, moov) - 4
        (length,) = struct.unpack_from(">I", content, at)
        struct.pack_into(">I", fixed, at, length + more)
    try:
        await made(shown, bytes(fixed), MOV)
    except ProcessingFailed:
        pass
    else:
        assert b"NEIGHBOUR" not in (shown / "clip.mov").read_bytes()
    assert doorman.callers == 0
