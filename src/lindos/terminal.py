"""Text for a terminal: text from data stays text, whatever the terminal and its encoding."""

import codecs
import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

#: Control characters of both sets except line feed and tab, marks of the direction of writing, lone surrogates.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_REPLACED = "\ufffd"
#: Least width; a narrower terminal is treated as this wide.
LEAST_WIDTH = 40
#: Similar characters for those that the terminal's encoding lacks.
_LIKE = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "·": "*", "×": "x", "≥": ">=", "≤": "<=", "µ": "u", "…": "...", "’": "'", "±": "+-"}
)
_ERRORS = "lindos.plain"


def printable(text: str) -> str:
    r"""Replace the characters that a terminal would obey instead of showing, so that no escape sequence can begin.

    Parameters
    ----------
    text
        Any text.

    Examples
    --------
    >>> printable("clear \x1b[2J")
    'clear �[2J'
    """
    return _UNSAFE.sub(_REPLACED, text)


def console(*, stderr: bool = False) -> "Console":
    """Make a console that takes every string as text: no markup, no emoji codes, no control characters.

    Parameters
    ----------
    stderr
        Whether it writes to standard error.
    """
    from rich.console import Console

    class _Console(Console):
        def on_broken_pipe(self) -> None:
            # Rich would end the process here; the command line ends it the same way for text and JSON.
            raise

    made = _Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    made.push_render_hook(_hook())
    if made.width < LEAST_WIDTH:
        made.width = LEAST_WIDTH
    return made


def _hook() -> Any:
    from rich.console import ConsoleRenderable, RenderHook
    from rich.segment import Segment

    class _Clean:
        """A renderable without control characters in its text; Rich's own controls are separate from text."""

        def __init__(self, inner: ConsoleRenderable) -> None:
            self.inner = inner

        def __rich_console__(self, console: Any, options: Any) -> Any:
            for segment in console.render(self.inner, options):
                yield segment if segment.control else Segment(printable(segment.text), segment.style)

    class _Hook(RenderHook):
        def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
            return [_Clean(renderable) for renderable in renderables]

    return _Hook()


def accept_any_encoding() -> None:
    """Let standard output and error replace characters that their encoding lacks, instead of failing."""
    codecs.register_error(_ERRORS, _similar)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_ERRORS)


def _similar(error: UnicodeError) -> tuple[str, int]:
    """Replace characters that the stream's encoding lacks by similar characters."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_LIKE)
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "replace").decode("ascii")
    return ascii_text, error.end
