"""The end of a log can be read, and the log before is kept."""

from pathlib import Path

from pinstack_local import logfiles


def test_the_tail_is_the_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("".join(f"line {n}\n" for n in range(100)))
    assert logfiles.tail(path, 3) == ["line 97", "line 98", "line 99"]


def test_the_tail_of_a_huge_log_is_read_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * (logfiles.TAIL_BYTES * 2) + b"\nlast\n")
    assert logfiles.tail(path, 1) == ["last"]


def test_bytes_that_are_no_text_do_not_hide_the_tail(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"\xff\xfe broken\n")
    assert logfiles.tail(path, 5) == ["\ufffd\ufffd broken"]


def test_a_log_that_does_not_exist_has_no_lines(tmp_path: Path) -> None:
    assert logfiles.tail(tmp_path / "none.log") == []


def test_rotation_keeps_one_generation(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "a.log"
    logfiles.rotate(path)
    for text in ("first", "second"):
        path.write_text(text)
        logfiles.rotate(path)
    assert [each.name for each in path.parent.iterdir()] == ["a.log.1"]
    assert (path.parent / "a.log.1").read_text() == "second"
