"""Sentences about the catalogue's own facts, sound and with one seeded error: what is wrong is flagged, no more."""

import datetime
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from lindos.catalog import load_catalog
from lindos.catalog.records import Observation
from lindos.claims.text import audit_text

CATALOG = load_catalog()
DAY = datetime.date(2026, 11, 1)
SEED = 20_261_101


@dataclass(frozen=True)
class Case:
    """A text, and the wrong figure in it; nothing where it is sound."""

    text: str
    wrong: str = ""


def german(value: float, digits: int = 3) -> str:
    """A number as German prints it."""
    return (
        f"{value:,.{digits}f}".rstrip("0").rstrip(".").translate(str.maketrans(",.", ".,"))
        if value % 1
        else (f"{value:,.0f}".replace(",", "."))
    )


def english(value: float, digits: int = 3) -> str:
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"


def rows() -> list[Observation]:
    return [
        row
        for row in CATALOG.observations
        if row.facility_power.is_known and row.capex.is_known and row.status != "announced"
    ]


def named(row: Observation) -> str:
    names = {"colossus-1": "Colossus 1", "colossus-2": "Colossus 2", "meta-prometheus": "Prometheus"}
    names |= {"meta-hyperion": "Hyperion", "stargate-abilene": "Abilene", "fairwater-wisconsin": "Fairwater"}
    names |= {"rainier-new-carlisle": "Project Rainier", "stargate-uae": "Stargate UAE", "alibaba-zhangbei": "Zhangbei"}
    return names.get(row.site, "")


def sites(pick: random.Random) -> Iterator[Case]:
    """Power and money of a site, in either language; a prefix, a mark, energy for power, another site's figure."""
    usable = [row for row in rows() if named(row)]
    for row in pick.sample(usable, 12):
        power, money = row.facility_power.value / 1e6, row.capex.value / 1e9
        de = f"Epoch AI schätzt die Leistung von {named(row)} auf {{}} und die Kosten auf {{}}. Das ist viel."
        en = f"Epoch AI puts {named(row)} at {{}} and its cost at {{}}. That is a lot for the place."
        sound_de = f"{german(power)} Megawatt", f"{german(money)} Milliarden Dollar"
        sound_en = f"{english(power)} megawatts", f"${english(money)} billion"
        yield Case(de.format(*sound_de))
        yield Case(en.format(*sound_en))
        wrong = f"{german(power)} Gigawatt"
        yield Case(de.format(wrong, sound_de[1]), wrong)
        wrong = f"{german(money)} Billionen Dollar"
        yield Case(de.format(sound_de[0], wrong), wrong)
        wrong = f"{english(power * 10)} megawatts"
        yield Case(en.format(wrong, sound_en[1]), wrong)
        wrong = f"{english(power)} megawatt-hours"
        yield Case(f"The power draw of {named(row)} is {wrong}. The site is new.", wrong)


def devices(pick: random.Random) -> Iterator[Case]:
    """Rates of devices in the precision that is printed, and in another; fleets of them off by a thousand."""
    ids = ("a100-80gb-sxm", "h100-sxm", "h200-sxm", "b200-sxm", "gb200", "gb300", "trainium2", "tpu-v6e", "mi300x")
    names = ("A100", "H100", "H200", "B200", "GB200", "GB300", "Trainium2", "Trillium", "MI300X")
    for id, name in zip(ids, names, strict=True):
        rate = CATALOG.accelerator(id).peak_bf16.value / 1e12
        count = pick.choice((20_000, 50_000, 120_000))
        total = rate * count / 1e6
        yield Case(f"An {name} reaches {english(rate)} teraflops in dense BF16. That is known.")
        yield Case(f"Ein {name} leistet in BF16 dicht gerechnet {german(rate)} Teraflops. Das ist bekannt.")
        wrong = f"{english(2 * rate)} teraflops"
        yield Case(f"An {name} reaches {wrong} in dense BF16. That is known.", wrong)
        yield Case(f"Together {count:,} {name}s come to {english(total)} exaflops in dense BF16, as the firm says.")
        wrong = f"{english(total)} petaflops"
        yield Case(f"Together {count:,} {name}s come to {wrong} in dense BF16, as the firm says.", wrong)


def racks(pick: random.Random) -> Iterator[Case]:
    """Packages and dies, power and price of a rack."""
    for name in ("GB200 NVL72", "GB300 NVL72"):
        count = pick.choice((500, 1_200, 4_000))
        yield Case(f"Each {name} houses 72 GPUs and draws 130 kilowatts, 1.8 kilowatts per GPU.")
        yield Case(f"Each {name} houses 144 GPUs. {count:,} racks are on order.", "144 GPUs")
        yield Case(
            f"Jeder Schrank vom Typ {name} nimmt 130 Kilowatt auf, also 18 Kilowatt je GPU bei 72 GPUs.", "18 Kilowatt"
        )
        yield Case(f"Each {name} costs $3.4 million, or $472,000 per GPU, with 72 GPUs in it.", "$472,000")


def growth(pick: random.Random) -> Iterator[Case]:
    """Percentages, factors, durations."""
    for _ in range(12):
        old, times = pick.choice((12, 40, 150, 320)), pick.choice((1.5, 2.5, 3.2, 4.0))
        new, plus = old * times, 100 * (times - 1)
        yield Case(
            f"Revenue rose from ${old} million to ${english(new)} million, an increase of {english(plus)} percent."
        )
        wrong = f"{english(100 * times)} percent"
        yield Case(f"Revenue rose from ${old} million to ${english(new)} million, an increase of {wrong}.", wrong)
        yield Case(f"Der Umsatz stieg von {old} auf {german(new)} Millionen Euro, ein Plus von {german(plus)} Prozent.")
        years, start = pick.choice((3, 4, 6)), pick.choice((2025, 2026))
        yield Case(
            f"Der Vertrag beginnt {start}, läuft {years} Jahre und endet {start + years}. Mehr ist nicht bekannt."
        )
        wrong = str(start + 2 * years)
        yield Case(
            f"Der Vertrag beginnt {start}, läuft {years} Jahre und endet {wrong}. Mehr ist nicht bekannt.", wrong
        )
        power = pick.choice((40, 150, 600))
        year = power * 8_766 / 1e6
        yield Case(f"Running flat out, {power} megawatts use {english(year, 2)} terawatt-hours a year.")
        wrong = f"{english(year, 2)} gigawatt-hours"
        yield Case(f"Running flat out, {power} megawatts use {wrong} a year.", wrong)


def marks_and_subjects(pick: random.Random) -> Iterator[Case]:
    """Comma and point, the figure of another site of the text, counts of devices, the power of one device."""
    large = [row for row in rows() if named(row) and row.facility_power.value >= 1e9]
    for row in pick.sample(large, 5):
        power = row.facility_power.value / 1e6
        yield Case(f"Im Endausbau zieht {named(row)} {german(power)} Megawatt. So schätzt es Epoch AI.")
        wrong = f"{german(power).replace('.', ',')} Megawatt"
        yield Case(f"Im Endausbau zieht {named(row)} {wrong}. So schätzt es Epoch AI.", wrong)
        wrong = f"{english(power).replace(',', '.')} megawatts"
        yield Case(f"Fully built, {named(row)} will draw {wrong}, Epoch AI estimates.", wrong)
    pairs = [("Prometheus", "Hyperion", "2.26 gigawatts"), ("Abilene", "Fairwater", "3.33 gigawatts")]
    for name, rival, figure in pairs:
        yield Case(f"Epoch AI expects {figure} at {rival}, more than at {name}.")
        yield Case(f"Epoch AI expects {figure} at {name}. {rival} is another site.", figure)
    for _ in range(6):
        count, watts = pick.choice((50_000, 120_000, 400_000)), pick.choice((1.4, 1.9, 2.4))
        total = count * watts / 1e3
        yield Case(
            f"Die Halle fasst {german(count)} GB200. Je GPU sind {german(watts)} Kilowatt nötig, zusammen also "
            f"{german(total)} Megawatt."
        )
        wrong = f"{german(total * 10)} Megawatt"
        yield Case(
            f"Die Halle fasst {german(count)} GB200. Je GPU sind {german(watts)} Kilowatt nötig, "
            f"zusammen also {wrong}.",
            wrong,
        )
        price, hours = pick.choice((2.35, 2.95, 6.16)), pick.choice((24, 168))
        bill = count * price * hours / 1e6
        yield Case(f"At ${price} an hour, {count:,} H100s cost ${english(bill)} million for {hours} hours.")
        wrong = f"${english(bill)} billion"
        yield Case(f"At ${price} an hour, {count:,} H100s cost {wrong} for {hours} hours.", wrong)


GENERATORS: tuple[Callable[[random.Random], Iterator[Case]], ...] = (sites, devices, racks, growth, marks_and_subjects)


def cases() -> list[Case]:
    pick = random.Random(SEED)
    return [case for generator in GENERATORS for case in generator(pick)]


def flagged(case: Case) -> list[str]:
    audit = audit_text(case.text, CATALOG, DAY)
    return [n.text for n, judgement in audit.judgements.items() if judgement.verdict == "wrong"]


@pytest.fixture(scope="module")
def outcomes() -> list[tuple[Case, list[str]]]:
    return [(case, flagged(case)) for case in cases()]


def test_planted_errors_are_caught_and_nothing_else(outcomes: list[tuple[Case, list[str]]]) -> None:
    planted = [(case, said) for case, said in outcomes if case.wrong]
    caught = [(case, said) for case, said in planted if any(case.wrong in s or s in case.wrong for s in said)]
    flags = sum(len(said) for _, said in planted)
    right = sum(case.wrong in s or s in case.wrong for case, said in planted for s in said)
    recall, precision = len(caught) / len(planted), right / max(flags, 1)
    missed = [(case.text, said) for case, said in planted if (case, said) not in caught]
    assert len(planted) >= 100
    assert 2 * recall * precision / (recall + precision) >= 0.9, missed


def test_sound_sentences_are_left_alone(outcomes: list[tuple[Case, list[str]]]) -> None:
    sound = [(case, said) for case, said in outcomes if not case.wrong]
    alarms = [(case.text, said) for case, said in sound if said]
    assert len(sound) >= 60
    assert len(alarms) <= 0.02 * len(sound), alarms
