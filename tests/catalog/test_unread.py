"""A value of a user's file that nothing reads is said, with the value that counts in its place."""

from pathlib import Path

from lindos.catalog import Catalog, load_catalog
from lindos.catalog.facts import reading

RACK = """
accelerators:
  gb300: {price: $30k, memory: 288 GB}
systems:
  gb300-nvl72: {price: $4 million}
"""


def overlay(tmp_path: Path, *texts: str) -> Catalog:
    paths = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return load_catalog(paths)


def test_the_price_of_a_chip_names_the_price_that_counts(tmp_path: Path) -> None:
    catalog = overlay(tmp_path, RACK)
    with reading() as paths:
        system = catalog.system("gb300-nvl72")
        _ = system.price.value, catalog.accelerator("gb300").memory.value
    assert catalog.unread(paths) == (
        "0.yaml line 3: accelerators.gb300.price is given, but nothing reads it: "
        "the price of gb300-nvl72 (systems.gb300-nvl72.price) counts.",
    )


def test_what_one_answer_reads_is_not_unread_in_the_next(tmp_path: Path) -> None:
    catalog = overlay(tmp_path, "systems: {hgx-h100: {price: $1, power: 9 kW}}")
    with reading() as paths:
        _ = catalog.system("HGX-H100").price.value
    assert catalog.unread(paths) == ("0.yaml: nothing in this answer reads systems.hgx-h100.power (line 1).",)
    with reading() as paths:
        _ = catalog.sampled(4).system("hgx-h100").power.value
    assert catalog.unread(paths) == ()


def test_records_that_nobody_looks_up_are_named_once(tmp_path: Path) -> None:
    text = "\n".join(f"  m{n}: {{base: grok-2, title: M, num_layers: 8}}" for n in range(12))
    catalog = overlay(tmp_path, f"models:\n{text}\n  grok-2: {{num_layers: 60}}\nsources: {{s: {{title: t, url: u}}}}")
    with reading() as paths:
        catalog.model("grok-2")
    (sentence,) = catalog.unread(paths)
    assert sentence.startswith("0.yaml: nothing in this answer reads models.m0 (line 2), models.m1 (line 3), ")
    assert sentence.endswith("models.m7 (line 9) and 4 more.")


def test_parameters_and_the_later_of_two_files(tmp_path: Path) -> None:
    catalog = overlay(
        tmp_path,
        "parameters: {economics: {it_life: 4 years, discount_rate: 8 %}}",
        "parameters:\n  economics: {it_life: {value: 6 years, low: 5 years}}",
    )
    with reading() as paths:
        assert catalog.parameter("economics.discount_rate", "1").value == 0.08
    assert catalog.unread(paths) == ("1.yaml: nothing in this answer reads parameters.economics.it_life (line 2).",)


def test_the_shipped_catalogue_says_nothing() -> None:
    assert load_catalog().unread(set()) == ()


def test_a_limit_of_a_device_that_the_site_does_not_read_is_said(tmp_path: Path) -> None:
    """Energy of a step reads the device, but the site counts what its node draws."""
    import lindos

    file = tmp_path / "mine.yaml"
    file.write_text("accelerators: {h100-sxm: {board_power: 500 W}}\n", encoding="utf-8")
    warnings = lindos.run("one-node", file, sections=["cluster", "step", "site"]).warnings
    assert any(
        "the site does not read it: the power of hgx-h100 (systems.hgx-h100.power) counts" in w for w in warnings
    )
    changed = lindos.price_site("one-node", changes={"catalog.accelerators.h100-sxm.price": "$3k"}).warnings
    sentence = "--set: accelerators.h100-sxm.price is given, but nothing reads it"
    assert any(warning.startswith(sentence) for warning in changed)
