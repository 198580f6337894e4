"""A sentence about a wrong input names the place that the user wrote, and numbers are written as people read them."""

from pathlib import Path

import pytest

import lindos
from lindos.catalog.yaml_file import read_yaml
from lindos.errors import InputError

SCENARIO = """\
name: x
title: t
cluster:
  pools: [{system: hgx-h100, gpus: 64}]
site:
  pue: 1.3
"""


def sentence(**changes: str) -> str:
    with pytest.raises(InputError) as caught:
        lindos.price_site("one-node", changes={path.replace("__", "."): value for path, value in changes.items()})
    return str(caught.value)


@pytest.mark.parametrize("value", ["1,25", "1000", "nine"])
def test_an_error_in_a_change_names_the_change_and_no_line(value: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(SCENARIO)
    with pytest.raises(InputError, match=r"^--set: site\.pue is ") as caught:
        lindos.run(file, changes={"site.pue": value})
    assert "line" not in str(caught.value)


def test_an_error_of_the_file_keeps_its_line_beside_a_change(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(SCENARIO.replace("1.3", "1000"))
    with pytest.raises(InputError, match=r"^line 6: site\.pue is 1000"):
        lindos.run(file, changes={"site.years": "4"})


def test_a_change_of_what_is_not_there_names_what_is() -> None:
    assert sentence(site__pux="1.2").startswith("--set: site.pux is 'pux', but must be one of")
    assert sentence(cluster__pools__4__gpus="8").startswith("--set: cluster.pools.4.gpus is 4, but must be an index")
    unknown = {"catalog.systems.hgx-h10.price": "$5k"}
    with pytest.raises(InputError, match=r"^--set: catalog.systems is 'hgx-h10', .* one of hgx-h100, ") as caught:
        lindos.run("one-node", changes=unknown)
    assert "required" not in str(caught.value)


@pytest.mark.parametrize(
    ("braces", "path", "number", "fixes"),
    [
        ("site: {pue: 1,25}", "site.pue", "1,25", ("1.25", "125")),
        ("site: {name: a, pue: 1,25, years: 5}", "site.pue", "1,25", ("1.25", "125")),
        ("site: {electricity_price: $0,07/kWh}", "site.electricity_price", "$0,07/kWh", ("$0.07/kWh",)),
        ("pools: [{gpus: 24,000}]", "pools.0.gpus", "24,000", ("24000",)),
        ("pools: [{gpus: 16,384}]", "pools.0.gpus", "16,384", ("16.384", "16384")),
    ],
)
def test_a_comma_in_a_number_between_braces_gets_its_hint(
    braces: str, path: str, number: str, fixes: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(braces)
    with pytest.raises(InputError) as caught:
        read_yaml(file)
    said = str(caught.value)
    assert said.startswith(f"line 1: {path} is '{number}', but must be a number without a comma")
    assert said.endswith(f"Write {' or '.join(repr(fix) for fix in fixes)}.")


@pytest.mark.parametrize("braces", ["a: {b: 1, c: 2}", "a: {b: x, 2: }", "a: [1, 2]", "a: {1, 2}", "a: {b: 1, c: }"])
def test_braces_without_a_number_cut_in_two_are_read(braces: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(braces)
    assert read_yaml(file)[0]


def test_a_proportion_of_three_numbers_is_shown_as_it_was_written() -> None:
    said = sentence(cluster__pools__0__oversubscription="1:30:00")
    assert "is '1:30:00', but must be a proportion of two numbers" in said


def test_a_large_factor_is_written_with_its_digits() -> None:
    path = {"start": "2025-07-22", "by": "2027-07-22", "start_h100_equivalents": 1, "target_h100_equivalents": 4e6}
    found = lindos.run({"name": "x", "title": "t", "roadmap": path})
    assert "takes 2,010x a year" in found.sections[0].summary
