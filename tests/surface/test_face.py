"""``import lindos``: about twenty names, verbs where rooms are nouns, none of them loaded before it is used."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import lindos

NAMES = [
    *("Answer", "Catalog", "CatalogError", "InconsistentError", "InfeasibleError", "InputError", "LindosError"),
    *(
        "Scenario",
        "UnitError",
        "UnknownNameError",
        "__version__",
        "audit_claims",
        "compare_scenarios",
        "estimate_step",
        "load_catalog",
    ),
    *(
        "load_scenario",
        "plan_roadmap",
        "price_site",
        "run",
        "run_sweep",
        "search_plans",
        "simulate_campaign",
        "size_fleet",
        "solve_scenario",
    ),
    "validate_runs",
]
ROOMS = sorted(module.name for module in pkgutil.iter_modules(lindos.__path__) if module.name != "__main__")


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_public_names_are_these() -> None:
    assert sorted(lindos.__all__) == NAMES
    assert dir(lindos) == NAMES
    assert set(lindos._HOMES) | {"__version__"} == set(NAMES)


def test_no_public_name_is_that_of_a_room() -> None:
    assert not set(NAMES) & set(ROOMS)


@pytest.mark.parametrize("rooms_first", [True, False], ids=["rooms, then names", "names, then rooms"])
def test_rooms_and_names_do_not_hide_each_other(rooms_first: bool) -> None:
    rooms = [f"import lindos.{room}" for room in ROOMS]
    names = [f"from lindos import {name}" for name in NAMES]
    checks = [f"assert callable(lindos.{name})" for name in NAMES if name != "__version__"]
    checks += [f"assert lindos.{room}.__name__ == 'lindos.{room}'" for room in ROOMS]
    first, second = (rooms, names) if rooms_first else (names, rooms)
    python("\n".join(["import lindos", *first, *second, *checks]))


def test_importing_lindos_loads_nothing_else() -> None:
    loaded = python("import sys, lindos; print([name for name in sys.modules if name.startswith('lindos.')])")
    assert loaded == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'estimate'"):
        _ = lindos.estimate  # type: ignore[attr-defined]


def test_every_name_comes_from_where_it_is_said_to() -> None:
    for name, home in lindos._HOMES.items():
        value = getattr(importlib.import_module(home), name)
        assert getattr(lindos, name) is value
        assert value.__name__ == name


def test_a_module_runs_as_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "lindos", "--version"], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == f"lindos {lindos.__version__}"


def test_an_answer_is_read_by_name() -> None:
    answer = lindos.run("one-node", sections=["cluster", "step"])
    assert answer["cluster.num_devices"].value == 8
    assert "step.plan" in answer.tables
    assert repr(answer).startswith("<Answer one-node: cluster, step; ")
    assert len(repr(answer)) < 100
    assert "One step" in answer._repr_html_()
    assert [row["name"] for row in answer.to_rows()] == [figure.name for figure in answer]
    assert answer.to_arrow().num_rows == len(answer.figures)
    frame = pytest.importorskip("pandas") and answer.to_pandas()
    assert frame.loc["cluster.num_devices", "value"] == 8
    with pytest.raises(lindos.UnknownNameError, match=r"Did you mean step.time"):
        _ = answer["step.tme"]


def test_a_scenario_may_be_a_dict_and_a_catalogue_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("systems:\n  hgx-h100: {price: '$400k'}\n", encoding="utf-8")
    scenario = {
        "name": "mine",
        "title": "Mine",
        "cluster": {"pools": [{"system": "hgx-h100", "gpus": 64}]},
        "compare_top500": False,
    }
    dear = lindos.price_site(scenario, file)["site.capex.systems"].value
    usual = lindos.price_site(scenario)["site.capex.systems"].value
    assert dear is not None
    assert usual is not None
    assert dear > usual


def test_a_changed_value_is_that_of_a_scenario_with_it() -> None:
    answer = lindos.price_site("one-node")
    cheap = answer.change({"site.electricity_price": "$0.01/kWh"})
    fresh = lindos.price_site("one-node", changes={"site.electricity_price": "$0.01/kWh"})
    assert cheap == fresh
    assert cheap["site.device_cost"].value < answer["site.device_cost"].value  # type: ignore[operator]
    again = cheap.change({"site.pue": 1.5})
    assert again["site.year.energy"].value > cheap["site.year.energy"].value  # type: ignore[operator]
    with pytest.raises(lindos.UnknownNameError, match="electricity_price"):
        answer.change({"site.electricity_prise": "$0.01/kWh"})
