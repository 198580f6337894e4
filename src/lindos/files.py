"""Files are written whole or not at all: to temporary files beside their targets, then renamed."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from lindos.errors import InputError


def write_whole(contents: Mapping[Path, bytes | Callable[[IO[bytes]], object]], option: str = "--out") -> None:
    """Write every file of ``contents``, making folders as needed; on any failure none of them changes.

    A file's content is its bytes, or a function that writes them: what is large need not be held at once.

    Raises
    ------
    InputError
        If a folder or file cannot be written; names the command-line ``option`` it came from.
    """
    written: list[tuple[str, Path]] = []
    path = Path()
    try:
        for target, data in contents.items():
            path = target.parent
            path.mkdir(parents=True, exist_ok=True)
            path = target
            if path.is_dir():
                raise IsADirectoryError(21, "it is a folder", str(path))
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            written.append((name, path))
            with os.fdopen(handle, "wb") as file:
                data(file) if callable(data) else file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o666 & ~_umask())
        _rename(written)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(option, str(path), "a place that can be written to", f"The system says: {reason}.") from None
    finally:
        for name, _ in written:
            with suppress(OSError):
                Path(name).unlink(missing_ok=True)


def _rename(written: Sequence[tuple[str, Path]]) -> None:
    """Put every file in its place; if one cannot be, put back what was there before."""
    before: list[tuple[Path, Path | None]] = []
    try:
        for name, path in written:
            kept = Path(f"{name}.old") if path.exists() else None
            if kept is not None:
                _keep(path, kept)
            before.append((path, kept))
            Path(name).replace(path)
    except OSError:
        for path, kept in reversed(before):
            with suppress(OSError):
                path.unlink(missing_ok=True)
                if kept is not None:
                    kept.replace(path)
        raise
    for _, kept in before:
        if kept is not None:
            with suppress(OSError):
                kept.unlink()


def _keep(path: Path, kept: Path) -> None:
    """Give ``path`` a second name, so that it is never missing; where the disk has no links, move it there."""
    try:
        kept.hardlink_to(path)
    except OSError:
        path.rename(kept)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
