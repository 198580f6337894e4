"""The shipped data: every value sourced, every source an address and in use, ranges around values, names in order."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lindos.catalog
from lindos.catalog import Catalog, Fact, load_catalog
from lindos.catalog.layers import shipped_data
from lindos.catalog.overlay import REFERENCES, reference_errors
from lindos.catalog.records import AS_USUAL
from lindos.catalog.schema import fields_of
from lindos.catalog.store import KINDS
from lindos.catalog.yaml_file import read_yaml
from lindos.errors import InputError
from lindos.scenario.read import builtin_names, read_scenario
from lindos.transformer import num_params
from pace import stretched

CATALOG = load_catalog()
FILES = sorted(Path(lindos.catalog.__file__).parent.joinpath("data").glob("*.yaml"))
FACTS = [(kind, name, field, fact) for kind, name, _ in CATALOG.entries() for field, fact in CATALOG.facts(kind, name)]
VALUES = [(f"{kind}.{name}.{field}", fact) for kind, name, field, fact in FACTS if fact.unit or fact.sources]


#: Choices of designers, and how long a trend is followed: no quantities between two ends.
CHOICES = (".tile_rows", ".tile_columns", ".num_hosts", ".switch_ports")


def numbers() -> list[tuple[str, Fact[float]]]:
    return [(path, fact) for path, fact in VALUES if isinstance(fact.content, float)]


def test_there_is_a_catalogue() -> None:
    assert len(numbers()) > 700
    assert all(CATALOG.names(kind) for kind in KINDS)


def test_every_number_has_a_source_with_an_address() -> None:
    for path, fact in numbers():
        assert fact.sources or fact.note == AS_USUAL, path
        for source in fact.sources:
            url = CATALOG.source(source).url
            assert re.fullmatch(r"https?://\S+", url), f"{path}: {source} has no address"


def leaves(data: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every sourced value of a file, as it stands there."""
    for key, value in data.items() if isinstance(data, dict) else ():
        if isinstance(value, dict) and "value" in value:
            yield f"{path}.{key}", value
        else:
            yield from leaves(value, f"{path}.{key}")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_is_plain_yaml_without_duplicate_keys(file: Path) -> None:
    data, _ = read_yaml(file)
    assert isinstance(data, dict)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_unknown_says_why(file: Path) -> None:
    for path, leaf in leaves(read_yaml(file)[0], file.stem):
        if leaf["value"] is None and file.stem != "claims":
            assert leaf.get("note"), f"{path} is unknown and does not say why"
            assert not leaf.get("source"), f"{path} is unknown and has a source"


@pytest.mark.parametrize("kind", REFERENCES)
def test_records_name_records_that_exist(kind: str) -> None:
    for name in CATALOG.names(kind):
        errors = list(reference_errors(CATALOG, f"{kind}.{name}", CATALOG.records(kind)[name], {}))
        assert not errors, str(errors[0])


def test_every_source_says_what_and_where_it_is() -> None:
    for name in CATALOG.names("sources"):
        source = CATALOG.source(name)
        assert source.title, name
        assert source.kind, name
        assert name == "user" or source.url, name


def test_no_value_rests_on_memory() -> None:
    for file in FILES:
        text = file.read_text(encoding="utf-8").lower()
        for word in ("recalled", "from memory", "todo", "fixme", "stored page", "/work/"):
            assert word not in text, f"{file.name} says {word!r}"


def test_the_whole_catalogue_loads_in_a_moment() -> None:
    shipped_data.cache_clear()
    start = time.process_time()
    catalog = Catalog()
    for kind in (*KINDS, "parameters", "sources"):
        catalog.names(kind)
    # 50 ms; of the processor, for sweeps of other tests keep every core busy. The rest is allowance for a slow one.
    elapsed = time.process_time() - start
    assert elapsed < stretched(0.5)


def test_ranges_hold_their_values() -> None:
    for path, fact in numbers():
        if fact.low is not None and fact.high is not None and fact.content is not None:
            assert fact.low <= fact.content <= fact.high, path


def test_every_estimate_has_a_range_and_says_what_it_rests_on() -> None:
    for path, fact in numbers():
        if fact.estimate and not path.endswith(CHOICES):
            assert fact.low is not None, path
            assert fact.low < fact.high, path  # type: ignore[operator]
            assert fact.note, path


def test_ids_are_kebab_case() -> None:
    for kind, name, _ in CATALOG.entries():
        pattern = r"[a-z0-9]+(?:[._][a-z0-9_]+)*" if kind == "parameters" else r"[a-z0-9]+(?:[-.][a-z0-9]+)*"
        assert re.fullmatch(pattern, name), f"{kind}/{name}"


def test_every_source_is_used_and_every_cited_source_exists() -> None:
    used = {source for _, fact in VALUES for source in fact.sources}
    used |= {source for name in CATALOG.names("models") for source in CATALOG.records("models")[name].sources}
    for name in builtin_names():
        cited = read_scenario(name)[0].sources
        assert set(cited) <= set(CATALOG.names("sources")), f"{name} cites {set(cited)}"
        used |= set(cited)
    text = str(shipped_data("claims"))
    used |= {name for name in CATALOG.names("sources") if name in text}
    unused = set(CATALOG.names("sources")) - used - {"user"}
    assert not unused, f"no value rests on {sorted(unused)}"


@pytest.mark.parametrize("name", CATALOG.names("models"))
def test_parameters_counted_from_the_shape_are_those_published(name: str) -> None:
    model = CATALOG.records("models")[name]
    if model.unsupported or model.published_params is None or not model.published_params.is_known:
        pytest.skip("no published count, or no operators for it")
    # Makers round to two digits.
    assert num_params(model) == pytest.approx(model.published_params.value, rel=0.03)


def test_facts_reach_the_scenarios_that_need_them() -> None:
    for name in ("hgx-h100", "hgx-h200", "gb200-nvl72", "gb300-nvl72"):
        system = CATALOG.system(name)
        assert system.power.is_known
        assert system.price.is_known
        assert CATALOG.accelerator(system.accelerator).peak_bf16.is_known


def test_every_parameter_declares_its_unit_and_bounds() -> None:
    catalog = load_catalog()
    for name in catalog.names("parameters"):
        unit, bounds = catalog.declared(name)
        assert bounds is not None
        least, most = bounds.limits(unit)
        fact = catalog.parameter(name, unit)
        for value in (fact.content, fact.low, fact.high):
            assert value is None or 0 <= least <= value <= most < 1e35, name


def test_every_number_of_a_record_has_bounds() -> None:
    for kind, record in KINDS.items():
        for field in fields_of(record).values():
            if field.kind in (int, float):
                least, most = field.bounds.limits(field.unit or "1")
                assert 0 <= least < most < 1e35, f"{kind}.{field.name}"


@pytest.mark.parametrize("name", CATALOG.names("parameters"))
def test_a_parameter_beyond_its_bounds_is_refused(name: str, tmp_path: Path) -> None:
    unit, bounds = load_catalog().declared(name)
    assert bounds is not None
    least, most = bounds.limits(unit)
    for value in (2 * most, least / 2 if least else -1e-3):
        path = f"{value!r} {unit}" if unit != "1" else repr(value)
        text = name.replace(".", ": {") + f": {{value: {path}}}" + "}" * name.count(".")
        (tmp_path / "mine.yaml").write_text(f"parameters: {{{text}}}")
        with pytest.raises(InputError, match=rf"mine\.yaml line 1: parameters\.{name} is .*, but must be "):
            load_catalog([tmp_path / "mine.yaml"])


def test_a_users_file_may_not_move_the_bounds(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("parameters: {economics: {it_life: {value: 5 years, bounds: [0, 1]}}}")
    with pytest.raises(InputError, match=r"it_life\.bounds is \[0, 1\], but must be one of estimate, high"):
        load_catalog([tmp_path / "mine.yaml"])
