"""Documents that run: every example of a page is executed and its output written back, or compared with what stands.

A fenced ``console`` block holds ``$ lindos ...`` commands and what they print; a fenced ``python`` block holds a
doctest session. Each page runs in a folder of its own, from top to bottom; a fenced ``yaml`` block whose first line is
a comment with a file name is written to that file first.
"""

import contextlib
import doctest
import io
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"^```(console|python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^# (\S+\.(?:yaml|json))$")


def pages() -> list[Path]:
    """Every page whose examples run."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def refreshed(page: Path) -> str:
    """The page's text with the real output of its examples."""
    text = page.read_text(encoding="utf-8")
    if not _BLOCK.search(text):
        return text
    names: dict[str, object] = {}
    with _own_folder():
        return _BLOCK.sub(lambda match: f"```{match[1]}\n{_ran(match[1], match[2], names)}```", text)


def _ran(kind: str, body: str, names: dict[str, object]) -> str:
    if kind == "yaml":
        first = _FILE.match(body.split("\n", 1)[0])
        if first:
            Path(first[1]).write_text(body, encoding="utf-8")
        return body
    return "".join(_console(body)) if kind == "console" else "".join(_session(body, names))


def _console(body: str) -> Iterator[str]:
    """Commands with their output; lines that are no commands are old output."""
    from lindos.cli import exit_code

    for line in body.splitlines():
        if not line.startswith("$ "):
            continue
        yield f"{line}\n"
        program, *arguments = shlex.split(line[2:])
        if program != "lindos":
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            exit_code(arguments)
        yield "".join(f"{shown.rstrip()}\n" for shown in out.getvalue().splitlines())


def _session(body: str, names: dict[str, object]) -> Iterator[str]:
    """A doctest session with what each example prints."""
    if ">>>" not in body:
        yield body
        return
    for part in doctest.DocTestParser().parse(body):
        if isinstance(part, str):
            yield part
            continue
        lines = part.source.splitlines()
        yield f">>> {lines[0]}\n" + "".join(f"... {line}\n" for line in lines[1:])
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(part.source, "<page>", "single"), names)
        yield out.getvalue()


@contextlib.contextmanager
def _own_folder() -> Iterator[None]:
    before, width = Path.cwd(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
            os.environ.pop("COLUMNS") if width is None else os.environ.update(COLUMNS=width)
