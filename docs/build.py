"""Make every generated document: reference pages, the validation table, the figure, the output of examples.

`make docs` writes them; `python docs/build.py --check` only says which are out of date.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import compared
import documents
import figure
import outlook
import reference

import serving
import validation

ROOT = documents.ROOT
#: Tables that are written into pages, by the mark before them.
TABLES: dict[str, Callable[[], str]] = {
    name: cache(make)
    for name, make in (
        ("validation", validation.table),
        ("campaigns", validation.campaigns_table),
        ("left out", validation.left_out_table),
        ("serving", serving.serving_table),
        ("pairs", validation.pairs_table),
        ("runs", validation.runs_table),
        ("fits", validation.fits_table),
        ("runs summary", validation.runs_summary),
        ("power", validation.power_table),
        ("outlook", outlook.scores_table),
        ("compared", compared.compared_table),
        ("stretches", outlook.stretches_table),
        ("prior", outlook.prior_table),
        ("announcements", outlook.announcements_table),
    )
}
_TABLE = re.compile(r"(<!-- (" + "|".join(TABLES) + r") -->\n).*?(<!-- end -->)", re.DOTALL)


def makers() -> dict[Path, Callable[[], str]]:
    """Path of every document that is made or refreshed in this process, and what makes its text."""
    makers_by_path: dict[Path, Callable[[], str]] = {ROOT / "docs" / "colossus-2.svg": figure.figure}
    for make in reference.PAGES:
        makers_by_path[ROOT / "docs" / "reference" / f"{make.__name__}.md"] = make
    for page in documents.pages():
        makers_by_path.setdefault(page, partial(_refreshed, page))
    return makers_by_path


def examples() -> dict[Path, Callable[[], str]]:
    """Output of every example, each in a new process."""
    return {script.with_suffix(".out"): partial(_printed, script) for script in (ROOT / "examples").glob("*.py")}


def _refreshed(page: Path) -> str:
    text = documents.refreshed(page)
    return _TABLE.sub(lambda match: match[1] + TABLES[match[2]]() + match[3], text)


def _printed(script: Path) -> str:
    return subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout


def main() -> int:
    """Write what changed, or with ``--check`` name it and fail."""
    is_check = "--check" in sys.argv
    stale = []
    for path, make in sorted((makers() | examples()).items()):
        text = make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if not is_check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{'out of date' if is_check else 'wrote'}: {path.relative_to(ROOT)}")
    return 1 if stale and is_check else 0


if __name__ == "__main__":
    sys.exit(main())
