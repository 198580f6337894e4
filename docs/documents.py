"""Documents that run: every example of a page is executed and its output written back, or compared with what stands.

A fenced ``console`` block holds ``$ lindos ...`` commands and what they print; a fenced ``python`` block holds a
doctest session. Each page runs in a folder of its own, from top to bottom; a fenced ``yaml`` block whose first
line is a comment with a file name is written to that file first.

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
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^# (\S+\.yaml)$")
#: Blocks that are shown and not run: set-up in a shell, help of commands.
_SHOWN = ("sh", "text")


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
        if first is None:
            raise ValueError(f"a yaml block needs its file name in a first comment: {body}")
        Path(first[1]).write_text(body, encoding="utf-8")
        return body
    if kind == "console":
        return "".join(_console(body))
    if kind == "python":
        return "".join(_session(body, names))
    if kind not in _SHOWN:
        raise ValueError(f"a block of kind {kind!r} is neither run nor shown: {body}")
    return body


def _console(body: str) -> Iterator[str]:
    """Commands with their output; lines that are no commands are old output."""
    from lindos.cli import exit_code

    failed, status = "", 0
    for line in body.splitlines():
        if not line.startswith("$ "):
            continue
        yield f"{line}\n"
        if line == "$ echo $?":
            yield f"{status}\n"
            failed = ""
            continue
        _stop(failed)
        program, *arguments = shlex.split(line[2:])
        if program != "lindos":
            raise ValueError(f"only lindos runs in a console block, not: {line}")
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = exit_code(arguments)
        failed = f"{line}\n{out.getvalue()}" if status else ""
        yield "".join(f"{shown.rstrip()}\n" for shown in out.getvalue().splitlines())
    _stop(failed)


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
    before, width = Path.cwd(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
            os.environ.pop("COLUMNS") if width is None else os.environ.update(COLUMNS=width)
