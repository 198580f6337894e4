"""A number is wrong only where the words tie it to what refutes it; equations among numbers carry their units."""

import datetime

import pytest

from lindos.catalog import load_catalog
from lindos.claims.text import audit_text
from lindos.claims.text.sections import sections

CATALOG = load_catalog()
DAY = datetime.date(2025, 11, 10)


def flagged(text: str) -> list[str]:
    audit = audit_text(text, CATALOG, DAY)
    return [n.text for n, judgement in audit.judgements.items() if judgement.verdict == "wrong"]


LOOSE = {
    "a plant beside a site": (
        "Meta baut in Louisiana die Anlage Hyperion, die auf fünf Gigawatt wachsen soll. Zum Vergleich: Ein "
        "Kernkraftwerk leistet rund ein Gigawatt, Hyperion bräuchte also fünf davon."
    ),
    "a measure and no figure": (
        "Hyperion is to reach two gigawatts by 2030 and could scale to five. If a gigawatt costs about $50 billion "
        "to build and equip, five would come to $250 billion."
    ),
    "a count of each node": (
        "The Frontier system uses 9,400 nodes with four MI250X each, or 37,600 accelerators, and 21 megawatts."
    ),
    "a rate that was measured": (
        "An H100 peaks at 989 teraflops in 16-bit arithmetic, so Meta's 400 teraflops correspond to a utilization "
        "of 40 percent."
    ),
    "a year to come in a clause of time": (
        "Oracle has switched on six of eight buildings. When finished in mid-2026, the site will draw 1.2 gigawatts."
    ),
    "a machine behind another": (
        "Auf der Top500 steht Jupiter mit genau einem Exaflop auf dem vierten Platz, hinter El Capitan mit 1,809, "
        "Frontier mit 1,353 und Aurora mit 1,012 Exaflops. Im Juni hatte er 793 Petaflops erreicht."
    ),
    "racks of another hall": (
        "An NVL72 rack of GB200 chips draws 120 to 132 kilowatts. The hall plans for 500 such racks.\n\n"
        "The first hall, built in 2011, held 60 megawatts of servers at 5 to 8 kilowatts per rack."
    ),
    "a growth and a backlog": (
        "The backlog rose to $523 billion, up $68 billion from the quarter before. The cloud business grew 68 percent "
        "to $4.1 billion."
    ),
    "a price of another sentence": (
        "At $9 billion for 1.3 gigawatts, CoreWeave pays about $6.9 million a megawatt. Building new costs $10 million "
        "to $14 million."
    ),
    "a rest behind each": (
        "With 700 watts for each of the first two kinds, 200,000 H100s draw 140 megawatts; with 1,200 watts for each "
        "GB200 the rest draws another 36 megawatts."
    ),
    "what a utilisation leaves": (
        "Ein H100 schafft in 16 Bit 989 Teraflops, bei einer Auslastung von 40 Prozent also rund 400."
    ),
    "a power and the energy of a year": (
        "Rechnet man mit einem Kilowatt je Chip, so braucht die Firma ein Gigawatt, im Jahr 8,8 Terawattstunden."
    ),
    "gigawatts that are built": (
        "Sam Altman wants to get to a gigawatt a week. That would be 52 gigawatts a year, more than California uses."
    ),
    "tensor cores in FP64": (
        "In doppelter Genauigkeit schafft ein H100 mit Tensorkernen 67 Teraflops; 100.000 davon hätten eine "
        "Spitzenleistung von 6,7 Exaflops."
    ),
    "a share in words": (
        "If efficiency improves by a third, a run could need 11.5 terawatt-hours; a doubling would give 345 "
        "gigawatt-hours."
    ),
    "the run of another model": (
        "DeepSeek-V3 has 671 billion parameters and was trained on 14.8 trillion tokens.\n\n"
        "GPT-4 is believed to have used 25,000 A100s for 90 to 100 days. At a third of the peak that is a utilization "
        "of 33 percent."
    ),
}


@pytest.mark.parametrize("name", LOOSE)
def test_a_loose_tie_refutes_nothing(name: str) -> None:
    assert flagged(LOOSE[name]) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("At 1.2 gigawatts for 400,000 chips, each one accounts for about 3 megawatts with cooling.", "3 megawatts"),
        (
            "The campus draws 1.2 gigawatts when it is finished. Over a full year at three quarters of its peak it "
            "would use nearly 8 gigawatt-hours.",
            "8 gigawatt-hours",
        ),
        ("Running 36 gigawatts at a utilization of 80 percent takes 50 terawatt-hours a year.", "50 terawatt-hours"),
        (
            "Bei sieben Cent je Kilowattstunde kosten fünf Gigawatt rund um die Uhr 3,1 Billionen Dollar im Jahr.",
            "3,1 Billionen Dollar",
        ),
        (
            "Musk will 50 Millionen H100-Äquivalente betreiben. Ein H100 schafft knapp ein Petaflop in 16 Bit, alle "
            "zusammen kämen auf 50 Exaflops.",
            "50 Exaflops",
        ),
        ("An H100 peaks at 989 teraflops with sparse 16-bit arithmetic.", "989 teraflops"),
        ("Its predecessor, Trainium2, offers 1.3 exaflops in dense FP8 and 96 gigabytes of memory.", "1.3 exaflops"),
        ("The new machine achieves 63 petaflops a watt, on about 3.4 megawatts for 208 petaflops.", "63 petaflops"),
        ("With a PUE of 1.5 the site takes 150 terawatts through its meter.", "150 terawatts"),
        ("In practice 40 percent is good; one start-up advertised 120 percent of the dense peak.", "120 percent"),
        (
            "Blackwell Ultra has 288 gigabytes, half as much again as the 192 terabytes of the first Blackwell.",
            "192 tera",
        ),
        ("Ein B200 trägt 192 Gigabyte HBM, ein GH200 in der ersten Ausführung 96 Megabyte.", "96 Megabyte"),
        ("CoreWeave agreed to buy Core Scientific for $9 trillion in stock.", "$9 trillion"),
        (
            "Die Chips einer Fabrik kosten vier Milliarden Euro, für fünf Fabriken wären es 20.000 Milliarden Euro.",
            "20.000",
        ),
        ("Oracle's contracts signed but not yet billed rose to $523 trillion.", "$523 trillion"),
    ],
)
def test_what_the_numbers_refute_is_found(text: str, wrong: str) -> None:
    (number,) = flagged(f"{text} Nobody else was asked.")
    assert wrong in number


def test_a_slip_is_not_explained_by_sites_that_the_text_does_not_name() -> None:
    text = (
        "Musk will 50 Millionen H100-Äquivalente betreiben. Ein H100 schafft knapp ein Petaflop in 16 Bit, alle "
        "zusammen kämen auf 50 Exaflops. Das ist viel."
    )
    (section,), _, _ = sections(text, CATALOG, DAY, "FILE")
    wrong = next(table for table in section.tables if table.name == "text.wrong")
    assert wrong.rows[0][4] == "50 ZFLOP/s"
    assert ", not 50 EFLOP/s" in str(wrong.rows[0][3])


def test_the_rate_of_a_plan_is_held_against_its_devices_and_the_site_that_it_fits_is_named() -> None:
    text = (
        "Musk will in fünf Jahren eine Rechenleistung erreichen, die 50 Millionen H100-Einheiten entspricht. Das "
        "kostet zwischen 1,5 und 2 Billionen Dollar. Die geplante Rechenleistung wird rund 200 Exaflops erreichen."
    )
    (section,), _, _ = sections(text, CATALOG, DAY, "FILE")
    wrong = next(table for table in section.tables if table.name == "text.wrong")
    assert [row[0] for row in wrong.rows] == ["200 Exaflops"]
    assert "Colossus 1" in str(wrong.rows[0][4])


@pytest.mark.parametrize(
    "text",
    [
        "Ein GB200-Schrank mit 72 Chips nimmt 120 bis 132 Kilowatt auf, ein herkömmlicher Schrank zehn bis 15.",
        "A GB200 NVL72 rack draws 132 kilowatts, where a conventional rack draws 12 kilowatts.",
    ],
)
def test_a_rack_told_apart_from_the_named_is_not_held_against_it(text: str) -> None:
    assert flagged(text) == []


def test_the_number_that_stands_elsewhere_with_support_is_not_blamed() -> None:
    text = (
        "Rechenzentren verbrauchten 415 Terawattstunden; bis 2030 soll sich der Wert auf 945 Terawattstunden mehr als "
        "verdoppeln. 945 Terawattstunden im Jahr entsprechen einer mittleren Leistung von 108 Megawatt."
    )
    assert ["108 Megawatt" in line for line in flagged(text)] == [True]


@pytest.mark.parametrize("crowd", ["tens", "dozens", "hundreds", "thousands"])
@pytest.mark.parametrize("scale", ["thousands", "millions", "billions", "trillions"])
def test_crowds_of_any_scale_are_read(crowd: str, scale: str) -> None:
    audit = audit_text(f"The campus will hold {crowd} of {scale} of Nvidia chips. It is large.", CATALOG, DAY, "FILE")
    (numeral,) = [n for n in audit.reading.numerals if n.claim]
    assert numeral.text == f"{crowd} of {scale}"


def test_an_equation_shows_its_factors() -> None:
    audit = audit_text(
        "At $0.06 per kilowatt-hour, running 2.2 gigawatts at a load of 90 percent would cost $1.04 billion a year.",
        CATALOG,
        DAY,
    )
    lines = [j.relation.arithmetic for n, j in audit.judgements.items() if j.relation and "1.04" in n.text]
    assert lines
    assert "90 %" in lines[0]
