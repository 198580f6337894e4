"""Files are written whole or not at all."""

from pathlib import Path

import pytest

from lindos.errors import InputError
from lindos.files import write_whole


def test_all_files_are_written(tmp_path: Path) -> None:
    write_whole({tmp_path / "a" / "one": b"1", tmp_path / "a" / "two": b"2"})
    assert (tmp_path / "a" / "one").read_bytes() == b"1"
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["one", "two"]


def test_nothing_changes_when_one_fails(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"old")
    (tmp_path / "two").mkdir()
    with pytest.raises(InputError, match=r"--out is '.*two', but must be a place that can be written to"):
        write_whole({tmp_path / "one": b"new", tmp_path / "two": b"new"})
    assert (tmp_path / "one").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_rename_that_fails_midway_puts_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").write_bytes(b"old")
    rename = Path.replace

    def fails_on_two(self: Path, target: Path) -> Path:
        if Path(target).name == "two":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", fails_on_two)
    with pytest.raises(InputError, match="No space left"):
        write_whole({tmp_path / "one": b"new", tmp_path / "two": b"new"})
    assert (tmp_path / "one").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"x")
    with pytest.raises(InputError, match=r"--out is '.*/out', but must be a place"):
        write_whole({tmp_path / "out" / "report.html": b"new"})
