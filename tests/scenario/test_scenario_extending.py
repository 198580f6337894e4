"""A scenario that extends another is that other with the fields that it gives."""

from pathlib import Path

import pytest

import lindos
from lindos.errors import InputError
from lindos.scenario.read import read_plain, read_scenario, with_base
from lindos.scenario.starter import json_schema


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_mappings_join_and_other_values_replace(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", "extends: colossus-2\nname: cheap\nsite: {pue: 1.1}\nclaims: []\nroadmap:\n")
    scenario, folder = read_scenario(file)
    base, _ = read_scenario("colossus-2")
    assert folder == tmp_path
    assert scenario.name == "cheap"
    assert scenario.title == base.title
    assert scenario.cluster == base.cluster
    assert scenario.job == base.job
    assert scenario.site is not None
    assert (scenario.site.name, scenario.site.pue) == ("colossus-2", 1.1)
    assert scenario.roadmap is None
    assert scenario.claims == []
    assert scenario.extends is None  # it is resolved: what is shown is the whole scenario


def test_the_answer_is_that_of_the_whole_scenario(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", "extends: one-node\nsite: {pue: 1.5}\n")
    extended = lindos.price_site(file)
    assert extended["site.power.total"] == lindos.price_site("one-node", changes={"site.pue": 1.5})["site.power.total"]
    assert lindos.price_site({"extends": "one-node", "site": {"pue": "1.5"}})["site.power.total"].value == (
        extended["site.power.total"].value
    )


def test_paths_of_the_base_start_from_its_own_folder(tmp_path: Path) -> None:
    write(tmp_path, "base/prices.yaml", "systems:\n  hgx-h100: {price: '$200k'}\n")
    write(
        tmp_path,
        "base/base.yaml",
        "name: base\ntitle: Base\ncatalog: prices.yaml\ncluster: {pools: [{system: hgx-h100, gpus: 8}]}\n",
    )
    middle = write(tmp_path, "middle/middle.yaml", "extends: ../base/base.yaml\nname: middle\n")
    assert with_base(read_plain(middle)[0])["catalog"] == "../base/prices.yaml"
    upper = lindos.price_site(write(tmp_path, "upper.yaml", "extends: middle/middle.yaml\n"))
    assert (
        upper["site.capex.systems"].value
        == lindos.price_site(str(tmp_path / "base/base.yaml"))["site.capex.systems"].value
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: a.yaml\n", "a scenario that does not extend this one"),
        ("extends: b.yaml\n", "a scenario that does not extend this one"),
        ("extends: colosus-2\n", "Did you mean colossus-2"),
        ("extends: nowhere.yaml\n", "existing YAML file"),
        ("extends: [one-node]\n", "a built-in name, or the path"),
    ],
)
def test_what_cannot_be_extended_is_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, "b.yaml", "extends: a.yaml\n")
    with pytest.raises(InputError, match=message) as caught:
        read_scenario(write(tmp_path, "a.yaml", text))
    assert caught.value.path == "extends"


def test_a_wrong_field_has_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 3: site\.pue is 0\.5"):
        read_scenario(write(tmp_path, "a.yaml", "extends: one-node\nsite:\n  pue: 0.5\n"))


def test_an_editor_takes_a_scenario_without_a_title_if_it_extends_another() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate({"extends": "colossus-2"}, json_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "x"}, json_schema())
