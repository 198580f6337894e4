"""Documents run: every example prints what its page shows, and generated pages are up to date."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import build  # noqa: E402
import documents  # noqa: E402

MADE = sorted(build.makers())
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("path", MADE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_is_what_its_examples_and_the_code_make_it(path: Path) -> None:
    assert path.exists(), "run `make docs`"
    assert path.read_text(encoding="utf-8") == build.makers()[path](), "run `make docs`"


@pytest.mark.parametrize("page", documents.pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_stands_beside_it(script: Path) -> None:
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout == script.with_suffix(".out").read_text(encoding="utf-8"), "run `make docs`"


def test_the_readme_says_how_to_start() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text
    assert len(text.splitlines()) <= 120


def page_of(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


def test_a_wrong_output_is_replaced_by_the_real_one(tmp_path: Path) -> None:
    page = page_of(tmp_path, "```python\n>>> 1 + 1\n3\n```\n")
    assert documents.refreshed(page) == "```python\n>>> 1 + 1\n2\n```\n"


def test_a_page_does_not_show_that_the_machine_was_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(arguments: list[str]) -> int:
        print("Still at work after 10 s: What has to be bought when, and can it be?")
        print("the answer")
        return 0

    monkeypatch.setattr("lindos.cli.exit_code", slow)
    page = page_of(tmp_path, "```console\n$ lindos run one-node\nold\n```\n")
    assert documents.refreshed(page) == "```console\n$ lindos run one-node\nthe answer\n```\n"


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("```console\n$ lindos run no-such-scenario\n```\n", "an example fails"),
        ("```console\n$ rm -r .\n```\n", "only lindos runs"),
        ("```python\nprint(1)\n```\n", "is a session"),
        ("```yaml\nname: mine\n```\n", "needs its file name"),
        ("```ruby\nputs 1\n```\n", "neither run nor shown"),
    ],
)
def test_what_cannot_be_shown_honestly_stops_the_build(tmp_path: Path, block: str, said: str) -> None:
    with pytest.raises((RuntimeError, ValueError), match=said):
        documents.refreshed(page_of(tmp_path, block))


def test_a_failure_that_is_meant_shows_its_status(tmp_path: Path) -> None:
    text = documents.refreshed(page_of(tmp_path, "```console\n$ lindos run no-such-scenario\n$ echo $?\n```\n"))
    assert "no-such-scenario" in text
    assert text.endswith("$ echo $?\n2\n```\n")


def test_output_that_is_left_out_stays_so(tmp_path: Path) -> None:
    text = "```console\n$ lindos schema\nold\n...\nold\n```\n"
    assert documents.refreshed(page_of(tmp_path, text)) == "```console\n$ lindos schema\n{\n...\n}\n```\n"


def test_a_file_of_a_page_is_there_for_its_commands(tmp_path: Path) -> None:
    session = ">>> from pathlib import Path\n>>> Path('mine.json').read_text()\n"
    text = documents.refreshed(page_of(tmp_path, f"```json mine.json\n{{}}\n```\n```python\n{session}```\n"))
    assert text == f"```json mine.json\n{{}}\n```\n```python\n{session}'{{}}\\n'\n```\n"
