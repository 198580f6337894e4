"""Executed documents: every example of a page runs, and its output is written back or compared with the page.

A fenced ``console`` block has ``$ lindos ...`` commands and their output; a fenced ``python`` block is a doctest
session. Each page runs in a new folder, from top to bottom; a fenced ``yaml`` block whose first line is a comment with
a file name, and a ``json`` or ``text`` block with a file name after the word, are written to that
file first.

A line ``...`` marks output that is left out: the page keeps the same number of lines before and after it.

An example that fails stops the build, so that no page shows a failure by accident: a command that is meant to fail is
followed by ``$ echo $?``, which shows its exit status.
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
_BLOCK = re.compile(r"^```(\w*)( \S+)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^# (\S+\.yaml)$")
#: Start of a line that a command prints where the machine is slow: no part of its answer.
_PROGRESS = "Still at work after "
#: Blocks that are not run: set-up in a shell, help of commands.
_NOT_RUN = ("sh", "text")


def pages() -> list[Path]:
    """Every page whose examples run."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def refreshed(page: Path) -> str:
    """The page's text with the real output of its examples.

    Parameters
    ----------
    page
        Path of the page.
    """
    text = page.read_text(encoding="utf-8")
    if not _BLOCK.search(text):
        return text
    names: dict[str, object] = {}
    with _own_folder():
        return _BLOCK.sub(lambda match: f"{_opening(match)}{_ran(match, names)}```", text)


def _opening(match: re.Match[str]) -> str:
    return match[0].split("\n", 1)[0] + "\n"


def _ran(match: re.Match[str], names: dict[str, object]) -> str:
    kind, name, body = match.groups()
    if kind == "console":
        return "".join(_console(body))
    if kind == "python":
        return "".join(_session(body, names))
    if kind in ("yaml", "json") or (kind == "text" and name):
        first = _FILE.match(body.split("\n", 1)[0])
        if name is None and first is None:
            raise ValueError(f"a {kind} block needs its file name: {body}")
        Path(name.strip() if name else first[1] if first else "").write_text(body, encoding="utf-8")
    elif kind not in _NOT_RUN:
        raise ValueError(f"a block of kind {kind!r} is neither run nor shown: {body}")
    return body


def _console(body: str) -> Iterator[str]:
    """Each command with what it prints now, cut where its old output is."""
    from lindos.cli import exit_code

    failed, status = "", 0
    for command, old in _commands(body):
        yield f"$ {command}\n"
        if command == "echo $?":
            yield f"{status}\n"
            failed = ""
            continue
        _stop(failed)
        program, *arguments = shlex.split(command)
        if program != "lindos":
            raise ValueError(f"only lindos runs in a console block, not: {command}")
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = exit_code(arguments)
        failed = f"{command}\n{out.getvalue()}" if status else ""
        lines = [line.rstrip() for line in out.getvalue().splitlines() if not line.startswith(_PROGRESS)]
        yield "".join(f"{line}\n" for line in _cut(lines, old))
    _stop(failed)


def _commands(body: str) -> Iterator[tuple[str, list[str]]]:
    """Commands of a block, each with its old output."""
    for part in body.removeprefix("$ ").split("\n$ "):
        command, *old = part.splitlines()
        yield command, old


def _cut(new: list[str], old: list[str]) -> list[str]:
    """New output, left out where the old one has a line of three dots."""
    if "..." not in old:
        return new
    num_before = old.index("...")
    num_after = len(old) - num_before - 1
    return new if num_before + num_after >= len(new) else [*new[:num_before], "...", *new[len(new) - num_after :]]


def _stop(failed: str) -> None:
    if failed:
        raise RuntimeError(f"an example fails; if it is meant to, follow it with `$ echo $?`: {failed}")


def _session(body: str, names: dict[str, object]) -> Iterator[str]:
    """A doctest session with what each example prints."""
    if ">>>" not in body:
        raise ValueError(f"a python block is a session with >>>: {body}")
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
    previous, width = Path.cwd(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(previous)
            os.environ.pop("COLUMNS") if width is None else os.environ.update(COLUMNS=width)
