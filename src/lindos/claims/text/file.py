"""Read an article from a file or from standard input; anything but UTF-8 text is refused with one sentence."""

import stat
import sys
from pathlib import Path

from lindos.errors import InputError

MAX_BYTES = 1_000_000
STANDARD_INPUT = "-"


def read_article(name: str) -> str:
    """Return the text of a file, or of standard input for ``-``.

    Parameters
    ----------
    name
        Path of the file.

    Raises
    ------
    InputError
        If it cannot be read, is empty, larger than 1 MB, or no UTF-8 text.
    """
    data = _standard_input() if name == STANDARD_INPUT else _file(name)
    label = "standard input" if name == STANDARD_INPUT else name
    if len(data) > MAX_BYTES:
        raise InputError(label, f"more than {MAX_BYTES / 1e6:.0f} MB", "a text of at most 1 MB", "Audit it in parts.")
    if b"\x00" in data:
        raise InputError(label, "a binary file", "a text in German or English", "Save the text alone, as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(label, "not UTF-8", "UTF-8 text", f"The first wrong byte is at {error.start}.") from None
    if not text.strip():
        raise InputError(label, "empty", "a text in German or English")
    return text


def _standard_input() -> bytes:
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _file(name: str) -> bytes:
    try:
        path = Path(name)
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError("file", name, "a file that can be read", "It is a folder or a device.")
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise InputError("file", name, "a file that can be read", f"The system says: {reason}.") from None
    except InputError:
        raise
    except ValueError:  # a zero byte in the name
        raise InputError("file", name, "a file that can be read", "No file can have that name.") from None
