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
