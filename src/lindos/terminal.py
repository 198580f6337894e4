"""Text on its way to a terminal: what comes from data stays text, whatever the terminal and its encoding."""

import codecs
import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

#: Control characters of both sets save line feed and tab, marks that turn the direction of writing, lone surrogates.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_REPLACED = "\ufffd"
#: A terminal that says it is narrower than this is taken to be so wide.
LEAST_WIDTH = 40
#: What stands for a character that the terminal's encoding lacks.
_LIKE = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "·": "*", "×": "x", "≥": ">=", "≤": "<=", "µ": "u", "…": "...", "’": "'", "±": "+-"}
)
_ERRORS = "lindos.plain"


def printable(text: str) -> str:
    r"""Replace what a terminal would obey instead of showing: escape sequences cannot begin.

    >>> printable("clear \x1b[2J")
    'clear �[2J'
    """
    return _UNSAFE.sub(_REPLACED, text)


def console(*, stderr: bool = False) -> "Console":
    """Make a console that takes every string as text: no markup, no emoji codes, no control characters."""
    from rich.console import Console

    class _Console(Console):
        def on_broken_pipe(self) -> None:
            # Rich would end the process here; the command line ends it in one way for text and JSON.
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
        """A renderable whose segments hold no control characters; Rich's own controls are kept apart from text."""

        def __init__(self, inner: ConsoleRenderable) -> None:
            self.inner = inner

        def __rich_console__(self, on: Any, options: Any) -> Any:
            for segment in on.render(self.inner, options):
                yield segment if segment.control else Segment(printable(segment.text), segment.style)

    class _Hook(RenderHook):
        def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
            return [_Clean(renderable) for renderable in renderables]

    return _Hook()


def accept_any_encoding() -> None:
    """Let standard output and error write what their encoding lacks as something alike, instead of failing."""
    codecs.register_error(_ERRORS, _alike)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_ERRORS)


def _alike(error: UnicodeError) -> tuple[str, int]:
    """Characters of the stream's encoding for those that it lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_LIKE)
    kept = unicodedata.normalize("NFKD", text).encode("ascii", "replace").decode("ascii")
    return kept, error.end
