"""Files are written whole or not at all: to temporary files beside their targets, then renamed."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lindos.errors import InputError


def write_whole(contents: Mapping[Path, bytes], option: str = "--out") -> None:
    """Write every file of ``contents``, making folders as needed; on any failure none of them changes.

    Raises
    ------
    InputError
        If a folder or file cannot be written; names the command-line ``option`` it came from.
    """
    written: list[tuple[str, Path]] = []
    path = Path()
    try:
        for path, data in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(21, "it is a folder", str(path))
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            written.append((name, path))
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o666 & ~_umask())
        for name, path in written:
            Path(name).replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(option, str(path), "a place that can be written to", f"The system says: {reason}.") from None
    finally:
        for name, _ in written:
            with suppress(OSError):
                Path(name).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
