"""``lindos compare``: the table in the terminal, one document with ``--json``, a report with ``--out``."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lindos.cli import group


def run(*words: str) -> str:
    done = CliRunner().invoke(group, ["compare", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.yaml"
    path.write_text(
        "name: small\ntitle: Small\ncompare_top500: false\n"
        "cluster: {pools: [{system: hgx-h100, gpus: 64}]}\nsite: {}\n",
        encoding="utf-8",
    )
    return str(path)


def test_one_scenario_under_three_values(small: str) -> None:
    words = [
        "--set",
        "site.pue=1.1",
        "--set",
        "site.pue=1.4; site.years=3",
        "--set",
        "catalog.systems.hgx-h100.price=$200k",
    ]
    document = json.loads(run(small, *words, "--json"))
    assert document["command"] == "compare"
    assert [document["inputs"][letter]["label"] for letter in "abcd"] == [
        "small",
        "pue=1.1",
        "pue=1.4, years=3",
        "price=$200k",
    ]
    assert document["results"]["b.site.power.total"]["value"] < document["results"]["a.site.power.total"]["value"]
    assert document["tables"]["moved.d.site.capex.total"]["rows"][0][0] == "catalog.systems.hgx-h100.price"


def test_the_terminal_shows_figures_and_moves_in_80_columns(small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = run(small, small, "--set", "site.pue=1.1")
    assert "No figure differs." in text
    text = run(small, "--set", "site.pue=1.4")
    assert "What moved: " in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_report_is_written_where_it_is_asked_for(small: str, tmp_path: Path) -> None:
    run(small, "--set", "site.pue=1.4", "--out", str(tmp_path / "out"))
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "What moved: " in page
    assert "lindos compare" in page


def test_a_catalogue_is_a_candidate_of_one_scenario(small: str, tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("systems:\n  hgx-h100: {price: '$200k'}\n", encoding="utf-8")
    assert "with prices.yaml" in run(small, "--catalog", str(prices))
