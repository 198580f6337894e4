"""Documents run: generated pages, the README's table and figure, and the output of every example are up to date."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import build  # noqa: E402
import documents  # noqa: E402


def test_every_made_document_is_up_to_date() -> None:
    stale = [path for path, text in build.made() if not path.exists() or path.read_text(encoding="utf-8") != text]
    assert not stale, f"run `make docs`: {[str(path.relative_to(ROOT)) for path in stale]}"


def test_the_readme_says_how_to_start() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text


@pytest.mark.parametrize("page", documents.pages(), ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    import re

    for target in re.findall(r"\]\(([^)#]+?)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_an_example_prints_what_stands_beside_it(script: Path) -> None:
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    expected = script.with_suffix(".out")
    assert done.stdout == expected.read_text(encoding="utf-8"), f"python {script} > {expected}"
