"""Some hundred cases of the fuzz, with the same judge as the ten thousand of ``make fuzz``."""

import json
from pathlib import Path

import pytest

from fuzz_cases import KINDS, Case, case
from fuzz_run import Ended, findings, judged

#: Another seed than that of `make fuzz`, so that the two together try more.
SEED, CASES = 99, 160


@pytest.mark.parametrize("first", range(0, CASES, 40))
def test_no_input_ends_in_a_traceback_or_an_impossible_number(first: int) -> None:
    faults = [fault for _, found in findings(SEED, range(first, first + 40)) for fault in found]
    assert not faults, "\n\n".join(f"{one.name} {one.kind}: {one.fault}: {one.detail}" for one in faults)


def test_a_case_is_what_its_name_says() -> None:
    assert case(1, 5) == case(1, 5)
    assert {case(1, index).kind for index in range(60)} == set(KINDS)


@pytest.mark.parametrize(
    ("ended", "fault"),
    [
        (Ended(None, "", "", 1.0, "Traceback: ZeroDivisionError"), "traceback"),
        (Ended(None, "", "", 41.0, "more than 40 s"), "too long"),
        (Ended(3, "", "lindos: this needs more memory than there is.", 1.0, ""), "memory"),
        (Ended(2, "", "", 1.0, ""), "no sentence"),
        (Ended(2, "", "lindos: \x1b[2J", 1.0, ""), "control characters"),
        (Ended(1, "", "lindos: x", 1.0, ""), "exit 1"),
        (Ended(0, json.dumps({"results": {"step.mfu": {"value": 3.77}}}), "", 1.0, ""), "number"),
        (Ended(0, json.dumps({"results": {"site.capex.total": {"value": -1.0}}}), "", 1.0, ""), "number"),
        (
            Ended(0, json.dumps({"results": {"step.time": {"value": 1.0, "low": 3.0, "high": 2.0}}}), "", 1.0, ""),
            "number",
        ),
        (Ended(0, json.dumps({"tables": {"a": {"rows": [[float("inf")]]}}}), "", 1.0, ""), "number"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_the_judge_sees_every_fault(ended: Ended, fault: str, tmp_path: Path) -> None:
    one = Case("1:1", "scenario", ["run", "x", "--json"])
    assert [found.fault for found in judged(one, ended, tmp_path)] == [fault]


def test_the_judge_sees_what_an_error_leaves_behind(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    one = Case("1:1", "scenario", ["run", "x", "--json"])
    assert not list(judged(one, Ended(2, "", "lindos: x is y.", 1.0, ""), tmp_path))
    (tmp_path / "out" / "report.html").write_text("x")
    assert [found.fault for found in judged(one, Ended(2, "", "lindos: x is y.", 1.0, ""), tmp_path)] == [
        "written in spite of an error"
    ]
