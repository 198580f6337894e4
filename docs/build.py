"""Make every generated document: reference pages, the validation table, the figure, the output of examples.

`make docs` writes them; `python docs/build.py --check` only says which are out of date.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import documents
import figure
import reference

import validation

ROOT = documents.ROOT
_TABLE = re.compile(r"(<!-- validation -->\n).*?(<!-- end -->)", re.DOTALL)


def made() -> Iterator[tuple[Path, str]]:
    """Path and text of every document that is made or refreshed."""
    for name, text in reference.pages():
        yield ROOT / "docs" / "reference" / f"{name}.md", text
    yield ROOT / "docs" / "colossus-2.svg", figure.figure()
    table = validation.table()
    for page in documents.pages():
        if page.parent.name == "reference":
            continue
        text = documents.refreshed(page)
        yield page, _TABLE.sub(lambda match: match[1] + table + match[2], text)


def main() -> int:
    """Write what changed, or with ``--check`` name it and fail."""
    stale = []
    for path, text in made():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if "--check" not in sys.argv:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{'out of date' if '--check' in sys.argv else 'wrote'}: {path.relative_to(ROOT)}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
