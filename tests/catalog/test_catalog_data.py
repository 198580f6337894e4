"""The shipped data: every value sourced, every source an address and in use, ranges around values, names in order."""

import re

import pytest

from lindos.catalog import Fact, load_catalog
from lindos.catalog.load import KINDS, _shipped
from lindos.scenario.read import builtin_names, read_scenario
from lindos.step import num_params

CATALOG = load_catalog()
FACTS = [(kind, name, field, fact) for kind, name, _ in CATALOG.entries() for field, fact in CATALOG.facts(kind, name)]
VALUES = [(f"{kind}.{name}.{field}", fact) for kind, name, field, fact in FACTS if fact.unit or fact.sources]


#: Choices of designers, and how long a trend is followed: no quantities between two ends.
CHOICES = (".tile_rows", ".tile_columns", ".num_hosts", ".switch_ports", ".world_growth_span")


def numbers() -> list[tuple[str, Fact[float]]]:
    return [(path, fact) for path, fact in VALUES if isinstance(fact.content, float)]


def test_there_is_a_catalogue() -> None:
    assert len(numbers()) > 700
    assert all(CATALOG.names(kind) for kind in KINDS)


def test_every_number_has_a_source_with_an_address() -> None:
    for path, fact in numbers():
        assert fact.sources, path
        for source in fact.sources:
            url = CATALOG.source(source).url
            assert re.match(r"https?://\S+|repo \S+", url), f"{path}: {source} has no address"


def test_every_unknown_says_why() -> None:
    for path, fact in VALUES:
        if not fact.known and fact.sources == ():
            continue
        assert fact.known, f"{path} is unknown and has sources"


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
    used |= {source for name in CATALOG.names("models") for source in CATALOG._kind("models")[name].sources}
    for name in builtin_names():
        cited = read_scenario(name)[0].sources
        assert set(cited) <= set(CATALOG.names("sources")), f"{name} cites {set(cited)}"
        used |= set(cited)
    text = str(_shipped().get("claims"))
    used |= {name for name in CATALOG.names("sources") if name in text}
    unused = set(CATALOG.names("sources")) - used - {"user"}
    assert not unused, f"no value rests on {sorted(unused)}"


@pytest.mark.parametrize("name", CATALOG.names("models"))
def test_parameters_counted_from_the_shape_are_those_published(name: str) -> None:
    model = CATALOG._kind("models")[name]
    if model.unsupported or model.published_params is None or not model.published_params.known:
        pytest.skip("no published count, or no operators for it")
    # Makers round to two digits.
    assert num_params(model) == pytest.approx(model.published_params.value, rel=0.03)


def test_facts_reach_the_scenarios_that_need_them() -> None:
    for name in ("hgx-h100", "hgx-h200", "gb200-nvl72", "gb300-nvl72"):
        system = CATALOG.system(name)
        assert system.power.known
        assert system.price.known
        assert CATALOG.accelerator(system.accelerator).peak_bf16.known
