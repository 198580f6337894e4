"""Write files completely or not at all: into temporary files beside their targets, which are then renamed."""

import errno
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from lindos.errors import InputError

#: The content of a file: its bytes, or a function that writes them, so that large content need not be in memory.
Content = bytes | Callable[[IO[bytes]], object]
#: Note in a folder while several of its files are replaced.
UNFINISHED = "lindos-unfinished.txt"
_TEMPORARY = re.compile(r"\.lindos-[0-9a-f]{16}(\.old)?")
#: Folders of devices and open files, which must not be replaced.
_DEVICES = ("/dev/", "/proc/")


def write_whole(contents: Mapping[Path, Content], option: str = "--out") -> None:
    """Write all files, and make folders as needed; on any failure none of the files changes.

    Where a target is a link, its target is written and the link stays. A target that is no plain file (a pipe,
    ``/dev/null``) is written to and never replaced. If two processes write into one folder, all files are those of one
    of them. A process that is killed while it renames several files leaves `UNFINISHED` beside them.

    Parameters
    ----------
    contents
        Content of each file by path.
    option
        Command-line option that the paths come from, for the error message.

    Raises
    ------
    InputError
        If a folder or file cannot be written.
    """
    written: list[tuple[Path, Path]] = []
    with _refused_by_sentence(option) as progress:
        try:
            streams = []
            for target, content in contents.items():
                progress.path = target
                if _is_stream(target):
                    streams.append((target, content))
                    continue
                path = _behind_links(target)
                progress.path = path.parent
                path.parent.mkdir(parents=True, exist_ok=True)
                progress.path = target
                # Note the file before it is made, so that it is removed whenever the process is stopped.
                temporary = path.with_name(f".lindos-{secrets.token_hex(8)}")
                written.append((temporary, path))
                _write_new(temporary, content)
            for target, content in streams:
                progress.path = target
                _write_through(target, content)
            with _locked(path.parent for _, path in written), _marked(written):
                _rename(written)
        finally:
            for temporary, _ in written:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)


def check_places(targets: Iterable[Path], option: str = "--out") -> None:
    """Raise, before a long computation, the errors that :func:`write_whole` would raise after it; write nothing.

    Parameters
    ----------
    targets
        Paths of the files.
    option
        Command-line option that the paths come from, for the error message.

    Raises
    ------
    InputError
        If one of the files cannot be written.
    """
    with _refused_by_sentence(option) as progress:
        for target in targets:
            progress.path = target
            if _is_stream(target):
                if not os.access(target, os.W_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
                continue
            folder = _behind_links(target).parent
            while not folder.exists() and folder != folder.parent:
                folder = folder.parent
            progress.path = folder if folder.is_file() else target
            with tempfile.TemporaryFile(dir=folder):
                pass


class _Progress:
    """The path in progress, for the error message."""

    path = Path()


@contextmanager
def _refused_by_sentence(option: str) -> Iterator[_Progress]:
    progress = _Progress()
    try:
        yield progress
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        hint = f"The system says: {reason}."
        raise InputError(option, str(progress.path), "a place that can be written to", hint) from None


def _is_stream(path: Path) -> bool:
    """Whether ``path`` is a pipe or a device, which is written in place; raises an error if it cannot be written."""
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
    """Write to a pipe or a device; a pipe without a reader is refused, since it would block for ever."""
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
def _locked(folders: Iterable[Path]) -> Iterator[None]:
    """Lock ``folders`` against other writers; on systems without locks the files are renamed without one."""
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


@contextmanager
def _marked(written: Sequence[tuple[Path, Path]]) -> Iterator[None]:
    """Keep a note in each folder while several files of it are put in place.

    A process that is killed meanwhile leaves the note, which says that the files may be of two runs. The next writer
    finishes the work: it removes what the note lists, and the note.
    """
    folders = sorted({path.parent for _, path in written}) if len(written) > 1 else []
    try:
        for folder in folders:
            mine = [(temporary, path) for temporary, path in written if path.parent == folder]
            _tidy(folder)
            _write_new(folder / UNFINISHED, _note(mine).encode(errors="replace"))
        yield
    finally:
        for folder in folders:
            with suppress(OSError):
                (folder / UNFINISHED).unlink(missing_ok=True)


def _note(written: Sequence[tuple[Path, Path]]) -> str:
    names = ", ".join(path.name for _, path in written)
    leftovers = [name for temporary, _ in written for name in (temporary.name, _backup(temporary).name)]
    return (
        f"Lindos is replacing {names}. If no lindos command is running, it was killed meanwhile:\n"
        "these files may be of two runs. Run the command again.\n" + "".join(f"{name}\n" for name in leftovers)
    )


def _tidy(folder: Path) -> None:
    """Remove the note of a killed process and the temporary files that it lists; the folder is locked."""
    with suppress(FileNotFoundError):
        names = (folder / UNFINISHED).read_text(encoding="utf-8", errors="replace").splitlines()[2:]
        for name in names:
            if _TEMPORARY.fullmatch(name):
                (folder / name).unlink(missing_ok=True)
        (folder / UNFINISHED).unlink()


def _rename(written: Sequence[tuple[Path, Path]]) -> None:
    """Put every file in its place; if one fails, or the process is stopped, restore the previous files."""
    backups: list[tuple[Path, Path | None]] = []
    try:
        for temporary, path in written:
            old = _backup(temporary) if path.exists() else None
            backups.append((path, old))
            if old is not None:
                _keep(path, old)
            temporary.replace(path)
    except BaseException:
        for path, old in reversed(backups):
            with suppress(OSError):
                if old is None:
                    path.unlink(missing_ok=True)
                elif old.exists():
                    old.replace(path)
        raise
    for _, old in backups:
        if old is not None:
            with suppress(OSError):
                old.unlink()


def _backup(temporary: Path) -> Path:
    """Name the second name of a previous file while the new one takes its place."""
    return temporary.with_name(f"{temporary.name}.old")


def _keep(path: Path, old: Path) -> None:
    """Give ``path`` a second name, so that it is never missing; on disks without links, move it there."""
    try:
        old.hardlink_to(path)
    except OSError:
        path.rename(old)
