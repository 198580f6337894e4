"""Files are written whole or not at all: to temporary files beside their targets, then renamed."""

import errno
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from lindos.errors import InputError

#: The content of a file: its bytes, or a function that writes them, so that what is large need not be held at once.
Content = bytes | Callable[[IO[bytes]], object]
#: Below these stand devices and what is open already; nothing there may be replaced.
_DEVICES = ("/dev/", "/proc/")


def write_whole(contents: Mapping[Path, Content], option: str = "--out") -> None:
    """Write every file of ``contents``, making folders as needed; on any failure none of them changes.

    The target of a link is written, and the link stays. What is no plain file (a pipe, ``/dev/null``) is written to and
    never replaced. Two processes that write into one folder leave the files of one of them, not some of each.

    Raises
    ------
    InputError
        If a folder or file cannot be written; names the command-line ``option`` it came from.
    """
    written: list[tuple[Path, Path]] = []
    with _refused_by_sentence(option) as said:
        try:
            streams = []
            for target, content in contents.items():
                said.path = target
                if _is_stream(target):
                    streams.append((target, content))
                    continue
                path = _behind_links(target)
                said.path = path.parent
                path.parent.mkdir(parents=True, exist_ok=True)
                said.path = target
                # Known before it is made, so that it is removed whenever the process is stopped.
                temporary = path.with_name(f".lindos-{secrets.token_hex(8)}")
                written.append((temporary, path))
                _write_new(temporary, content)
            for target, content in streams:
                said.path = target
                _write_through(target, content)
            with _alone(path.parent for _, path in written):
                _rename(written)
        finally:
            for temporary, _ in written:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)


def check_places(targets: Iterable[Path], option: str = "--out") -> None:
    """Raise before a long computation what :func:`write_whole` would raise after it; nothing is left behind.

    Raises
    ------
    InputError
        If one of the ``targets`` cannot be written; names the command-line ``option`` it came from.
    """
    with _refused_by_sentence(option) as said:
        for target in targets:
            said.path = target
            if _is_stream(target):
                if not os.access(target, os.W_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
                continue
            folder = _behind_links(target).parent
            while not folder.exists() and folder != folder.parent:
                folder = folder.parent
            said.path = folder if folder.is_file() else target
            with tempfile.TemporaryFile(dir=folder):
                pass


class _Said:
    """The path that is being worked on, for the sentence."""

    path = Path()


@contextmanager
def _refused_by_sentence(option: str) -> Iterator[_Said]:
    said = _Said()
    try:
        yield said
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        hint = f"The system says: {reason}."
        raise InputError(option, str(said.path), "a place that can be written to", hint) from None


def _is_stream(path: Path) -> bool:
    """Whether ``path`` is written to as it stands: a pipe or a device; raises where it is no file to write at all."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise OSError(errno.EINVAL, "it is a disk or a socket")
    return not stat.S_ISREG(mode) or str(path.absolute()).startswith(_DEVICES)


def _behind_links(path: Path) -> Path:
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _write_new(path: Path, content: Content) -> None:
    """Write a file that must not exist, down to the disk."""
    with path.open("xb") as file:
        content(file) if callable(content) else file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write_through(path: Path, content: Content) -> None:
    """Write to a pipe or a device; a pipe that nothing reads from would wait for ever and is refused."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "nothing reads from this pipe") from None
        raise
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        content(file) if callable(content) else file.write(content)


@contextmanager
def _alone(folders: Iterable[Path]) -> Iterator[None]:
    """Keep other writers out of ``folders``; where the system has no locks the files are renamed without."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with ExitStack() as stack:
        for folder in sorted(set(folders)):
            handle = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, handle)
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _rename(written: Sequence[tuple[Path, Path]]) -> None:
    """Put every file in its place; if one cannot be, or the process is stopped, put back what was there before."""
    before: list[tuple[Path, Path | None]] = []
    try:
        for temporary, path in written:
            old = temporary.with_name(f"{temporary.name}.old") if path.exists() else None
            before.append((path, old))
            if old is not None:
                _keep(path, old)
            temporary.replace(path)
    except BaseException:
        for path, old in reversed(before):
            with suppress(OSError):
                if old is None:
                    path.unlink(missing_ok=True)
                elif old.exists():
                    old.replace(path)
        raise
    for _, old in before:
        if old is not None:
            with suppress(OSError):
                old.unlink()


def _keep(path: Path, old: Path) -> None:
    """Give ``path`` a second name, so that it is never missing; where the disk has no links, move it there."""
    try:
        old.hardlink_to(path)
    except OSError:
        path.rename(old)
