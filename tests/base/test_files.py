"""Files are written whole or not at all."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lindos.errors import InputError
from lindos.files import UNFINISHED, check_places, write_whole


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


def test_what_is_no_plain_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole({pipe: b"through", Path("/dev/null"): b"gone"})
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert pipe.is_fifo()
    assert Path("/dev/null").is_char_device()


def test_a_pipe_that_nothing_reads_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="nothing reads from this pipe"):
        write_whole({tmp_path / "pipe": b"x"})
    assert (tmp_path / "pipe").is_fifo()


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as place:
        place.bind("socket")
        with pytest.raises(InputError, match="it is a disk or a socket"):
            write_whole({Path("socket"): b"x"})
    assert Path("socket").is_socket()


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "file")
    write_whole({tmp_path / "link": b"1"})
    write_whole({tmp_path / "link": b"2"})
    assert (tmp_path / "link").is_symlink()
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["file"]
    assert (tmp_path / "there" / "file").read_bytes() == b"2"


def test_a_process_that_is_stopped_while_renaming_puts_everything_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one").write_bytes(b"old")
    rename = Path.replace

    def stops_at_two(self: Path, target: Path) -> Path:
        if Path(target).name == "two":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", stops_at_two)
    with pytest.raises(KeyboardInterrupt):
        write_whole({tmp_path / "one": b"new", tmp_path / "two": b"new"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"old"}


_KILLED_AFTER = """
import os, signal, sys
from pathlib import Path
from lindos.files import write_whole

folder, number = Path(sys.argv[1]), int(sys.argv[2])
rename, done = Path.replace, []

def killed(self, target):
    if len(done) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(target)
    return rename(self, target)

Path.replace = killed
write_whole({folder / "one": b"new", folder / "two": b"new", folder / "three": b"new"})
"""


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("old", [True, False])
def test_a_set_that_a_killed_process_left_says_so_and_the_next_writer_mends_it(
    number: int, old: bool, tmp_path: Path
) -> None:
    names = ("one", "two", "three")
    for name in names if old else ():
        (tmp_path / name).write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", _KILLED_AFTER, str(tmp_path), str(number)], check=False)
    assert done.returncode == -signal.SIGKILL
    note = (tmp_path / UNFINISHED).read_text()
    assert note.startswith("Lindos is replacing one, two, three.")
    assert "may be of two runs" in note
    write_whole({tmp_path / name: b"newest" for name in names})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys(names, b"newest")


def test_the_note_of_a_killed_process_removes_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / UNFINISHED).write_text("a\nb\nmine\n../mine\n")
    write_whole({tmp_path / "one": b"1", tmp_path / "two": b"2"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "one", "two"]


def test_two_writers_leave_the_files_of_one(tmp_path: Path) -> None:
    def write(word: bytes) -> None:
        for _ in range(40):
            write_whole({tmp_path / name: word for name in "abcdef"})

    def whole() -> int:
        import fcntl

        handle = os.open(tmp_path, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        words = {path.read_bytes() for path in tmp_path.iterdir() if not path.name.startswith(".")}
        os.close(handle)
        return len(words)

    threads = [threading.Thread(target=write, args=(word,)) for word in (b"1", b"2")]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert whole() <= 1
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in tmp_path.iterdir()) == list("abcdef")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "\ud800", "file/below"])
def test_a_place_that_cannot_be_written_is_known_before(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for check in (lambda path: check_places([path]), lambda path: write_whole({path: b"x"})):
        with pytest.raises(InputError, match="but must be a place that can be written to") as refused:
            check(tmp_path / name)
        assert str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_checking_places_leaves_nothing(tmp_path: Path) -> None:
    check_places([tmp_path / "new" / "deep" / "file", tmp_path / "file", Path("/dev/null")])
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match="it is a folder"):
        check_places([tmp_path])
