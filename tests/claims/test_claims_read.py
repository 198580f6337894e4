"""A user's claims file: every wrong line gets a sentence, all together."""

from pathlib import Path

import pytest

from lindos import claims
from lindos.catalog import Catalog, load_catalog
from lindos.claims import Context, Ruling
from lindos.claims.schema import KINDS
from lindos.errors import InputError, InputErrors, UnitError

GOOD = """\
mine:
  speaker: A neighbour
  statement: Eight H100 reach one petaflop per second.
  checks:
    - kind: compute
      claimed: 1 PFLOP/s
      devices: [{accelerator: h100-sxm, gpus: 8}]
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def read(tmp_path: Path, text: str, catalog: Catalog) -> dict[str, claims.Claim]:
    path = tmp_path / "claims.yaml"
    path.write_text(text, encoding="utf-8")
    return dict(claims.load_file(path, catalog))


def problems(tmp_path: Path, text: str, catalog: Catalog) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, catalog)
    return str(caught.value).split("\n")


def test_a_good_file_is_checked(tmp_path: Path, catalog: Catalog) -> None:
    verdict = claims.check(read(tmp_path, GOOD, catalog)["mine"], Context(catalog=catalog))
    assert verdict.ruling is Ruling.WRONG
    assert verdict.headline.arithmetic.startswith("8 H100 SXM 80 GB x 989 TFLOP/s = 7.92 PFLOP/s")
    assert verdict.speaker == "A neighbour"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "1 PFLOP/s",
            "1",
            "line 6: mine.checks.0.claimed is 1, but must be a computing rate with its unit. "
            "Write for example '989 TFLOP/s'.",
        ),
        (
            "claimed: 1 PFLOP/s",
            "claimed: -1 PFLOP/s",
            "line 6: mine.checks.0.claimed is '-1 PFLOP/s', but must be more than zero. "
            "Write for example '50 EFLOP/s'.",
        ),
        (
            "gpus: 8",
            "gpus: 2.5",
            "line 7: mine.checks.0.devices.0.gpus is 2.5, but must be a whole number of at least 1. "
            "Write for example '16,384'.",
        ),
        (
            "gpus: 8",
            "gups: 8",
            "line 7: mine.checks.0.devices.0.gups: unknown field of a claim. Did you mean gpus?",
        ),
        (
            "  statement: Eight H100 reach one petaflop per second.\n",
            "",
            "line 1: mine.statement is required. Add it.",
        ),
        ("  checks:", "  check:", "line 1: mine.checks is required. Add it."),
    ],
)
def test_wrong_fields(tmp_path: Path, catalog: Catalog, old: str, new: str, sentence: str) -> None:
    assert sentence in problems(tmp_path, GOOD.replace(old, new), catalog)


def test_unknown_kind_lists_the_kinds(tmp_path: Path, catalog: Catalog) -> None:
    (line,) = problems(tmp_path, GOOD.replace("kind: compute", "kind: computer"), catalog)
    assert line.startswith("line 5: mine.checks.0.kind is 'computer', but must be one of compute, power, money,")


def test_unknown_device_is_suggested(tmp_path: Path, catalog: Catalog) -> None:
    (line,) = problems(tmp_path, GOOD.replace("h100-sxm", "h100-sxn"), catalog)
    assert line.startswith("line 7: mine.checks.0.devices.0.accelerator is 'h100-sxn', but must be one of ")
    assert "Did you mean h100-sxm" in line


def test_a_count_is_given_once(tmp_path: Path, catalog: Catalog) -> None:
    (none,) = problems(tmp_path, GOOD.replace(", gpus: 8", ""), catalog)
    assert none.endswith("is empty, but must be a count: exactly one of gpus or h100_equivalents.")
    (two,) = problems(tmp_path, GOOD.replace("gpus: 8", "gpus: 8, h100_equivalents: 8"), catalog)
    assert "is 'gpus and h100_equivalents', but must be a count" in two


def test_all_errors_come_together(tmp_path: Path, catalog: Catalog) -> None:
    text = GOOD.replace("1 PFLOP/s", "much").replace("gpus: 8", "gpus: none")
    found = problems(tmp_path, text + GOOD.replace("mine:", "yours:").replace("h100-sxm", "h100"), catalog)
    assert len(found) >= 2
    with pytest.raises(InputErrors):
        read(tmp_path, text, catalog)


def test_unit_errors_keep_their_kind(tmp_path: Path, catalog: Catalog) -> None:
    with pytest.raises(UnitError):
        read(tmp_path, GOOD.replace("1 PFLOP/s", "1 GW"), catalog)


@pytest.mark.parametrize("text", ["[]", "5", "mine: 7", "mine: [1, 2]", "mine: {}", "mine: {checks: 5}"])
def test_shapes_that_are_not_claims(tmp_path: Path, catalog: Catalog, text: str) -> None:
    assert all("must be" in line or "is required" in line for line in problems(tmp_path, text, catalog))


def schedule(amount: str) -> str:
    return f"""\
mine:
  speaker: A
  statement: B
  checks:
    - kind: schedule
      claimed: 1 GW
      by: "2026-01"
      observed:
        - {{date: "2025-12", amount: {amount}}}
"""


def test_observations_share_the_unit_of_the_claim(tmp_path: Path, catalog: Catalog) -> None:
    (line,) = problems(tmp_path, schedule("100k"), catalog)
    assert "must be in the unit of claimed" in line
    assert read(tmp_path, schedule("100 MW"), catalog)
    (line,) = problems(tmp_path, schedule("soon"), catalog)
    assert line.startswith("line 9: mine.checks.0.observed.0.amount is 'soon', but must be a power or a count")


def test_growth_runs_forward_along_a_known_trend(tmp_path: Path, catalog: Catalog) -> None:
    text = """\
mine:
  speaker: A
  statement: B
  checks:
    - kind: growth
      claimed: 50M
      by: "2020"
      start: {h100_equivalents: 1M, date: "2025-01-01"}
      trend: trends.record_growt
"""
    found = problems(tmp_path, text, catalog)
    assert any("must be later than the start, 2025-01-01" in line for line in found)
    assert any(".trend is 'trends.record_growt'" in line for line in found)


def test_a_range_holds_the_number(tmp_path: Path, catalog: Catalog) -> None:
    (line,) = problems(tmp_path, GOOD.replace("1 PFLOP/s", "1 PFLOP/s\n      claimed_low: 2 PFLOP/s"), catalog)
    assert ".claimed_low is " in line and "but must be at most claimed" in line


def test_equivalents_need_devices_or_power(tmp_path: Path, catalog: Catalog) -> None:
    text = "mine:\n  speaker: A\n  statement: B\n  checks:\n    - {kind: equivalents, power: 1 GW}\n"
    (line,) = problems(tmp_path, text, catalog)
    assert "must be given devices, or else power and accelerator" in line


def test_the_how_to_says_what_comes_out(tmp_path: Path, catalog: Catalog) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "audit-claims.md").read_text(encoding="utf-8")
    shipped = read(tmp_path, page.split("```yaml\n")[1].split("```")[0], catalog)
    verdicts = {name: claims.check(claim, Context(catalog=catalog)) for name, claim in shipped.items()}
    assert verdicts["slip"].ruling is Ruling.UNIT_SLIP and verdicts["promise"].ruling is Ruling.LATE
    assert verdicts["slip"].headline.arithmetic in page
    assert verdicts["slip"].date == "2025-07-23"


def test_the_how_to_names_every_kind() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "audit-claims.md").read_text(encoding="utf-8")
    assert all(f"`{kind}`" in page for kind in KINDS)


def test_ids_and_their_number_have_limits(tmp_path: Path, catalog: Catalog) -> None:
    body = GOOD.partition("\n")[2]
    many = "".join(f"c{index}:\n{body}" for index in range(250))
    assert len(read(tmp_path, many, catalog)) == 250
    for name in ('" "', "x" * 300):
        (said,) = problems(tmp_path, f"{name}:\n{body}", catalog)
        assert "id is " in said
        assert "at most 200 characters, and not blank" in said
