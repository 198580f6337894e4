"""Every source has a grade, every number shows it, and nothing rests on memory without saying so."""

import datetime
from pathlib import Path

import pytest

from lindos.answers import answer
from lindos.catalog import Source, load_catalog
from lindos.catalog.grades import GRADES, best, grade_of, has_grade
from lindos.catalog.review import remarks
from lindos.errors import InputError
from lindos.report.parts import source_item
from lindos.scenario.read import read_scenario, scenario_from

CATALOG = load_catalog()


@pytest.mark.parametrize("name", CATALOG.names("sources"))
def test_every_source_has_a_grade(name: str) -> None:
    source = CATALOG.source(name)
    assert has_grade(source), f"{name}: add grade, or its kind {source.kind} to the grades of kinds"
    assert CATALOG.grade(name) in (*GRADES, "own")


def test_a_grade_of_its_own_counts_more_than_that_of_the_kind() -> None:
    assert grade_of(Source(id="x", title="t", url="u", kind="web page", grade="vendor")) == "vendor"
    assert grade_of(Source(id="x", title="t", url="u", kind="paper (as quoted elsewhere)")) == "press"
    assert grade_of(Source(id="x", title="t", url="u", kind="paper (abstract)")) == "primary"
    assert best(["press", "vendor", "recalled"]) == "vendor"


def test_a_grade_stands_beside_the_source() -> None:
    assert "grade: primary" in source_item(1, "x", Source(id="x", title="t", url="", kind="filing"))


def test_a_word_that_is_no_grade_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("sources: {x: {title: t, grade: good}}")
    with pytest.raises(InputError, match="grade is 'good', but must be one of primary, vendor, estimate"):
        load_catalog([tmp_path / "mine.yaml"])


def test_a_review_lists_old_values_and_ranges_of_one_source(tmp_path: Path) -> None:
    text = "sources: {old: {title: t, date: '2024-05'}, new: {title: n, date: '2026-06'}}\n"
    text += "systems:\n  hgx-h100:\n    price: {value: 300 kUSD, low: 250 kUSD, high: 310 kUSD, source: old}\n"
    text += "    power: {value: 10 kW, low: 9 kW, high: 11 kW, source: [old, new]}\n"
    (tmp_path / "mine.yaml").write_text(text)
    listed = list(remarks(load_catalog([tmp_path / "mine.yaml"]), datetime.date(2026, 12, 1)))
    reasons = [remark.reason for remark in listed if remark.path == "systems.hgx-h100.price"]
    assert reasons == ["newest source of 2024-05", "a range of one source, old"]
    assert not [remark for remark in listed if remark.path == "systems.hgx-h100.power"]
    assert len(listed) > 50


def recalled(tmp_path: Path) -> list[Path]:
    text = "sources: {memory: {title: from memory, grade: recalled}}\n"
    text += "systems: {hgx-h100: {price: {value: 300 kUSD, source: memory}}}\n"
    (tmp_path / "mine.yaml").write_text(text)
    return [tmp_path / "mine.yaml"]


def test_a_figure_that_rests_on_memory_says_so(tmp_path: Path) -> None:
    data = {"name": "x", "title": "x", "cluster": {"pools": [{"system": "hgx-h100", "gpus": 64}]}, "site": {}}
    found = answer(scenario_from({**data, "compare_top500": False}), load_catalog(recalled(tmp_path)))
    assert any("systems.hgx-h100.price was recalled" in warning for warning in found.warnings)


def test_no_headline_of_a_built_in_scenario_rests_on_memory_without_saying_so(tmp_path: Path) -> None:
    shipped = {name for name in CATALOG.names("sources") if CATALOG.grade(name) == "recalled"}
    assert not shipped  # every built-in scenario then rests on sources that were read
    catalog = load_catalog(recalled(tmp_path))
    found = answer(read_scenario("one-node")[0], catalog)
    headlines = {figure for section in found.sections for figure in section.headline}
    facts = {path for section in found.sections for f in section.figures if f.name in headlines for path in f.facts}
    weak = {path for path in facts if "memory" in getattr(catalog.fact(path), "sources", ())}
    assert weak == {"systems.hgx-h100.price"}
    assert all(path in " ".join(found.warnings) for path in weak)
