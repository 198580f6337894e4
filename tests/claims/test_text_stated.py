"""Calculations that one or two sentences state are checked whatever the size of the error; right ones pass."""

import datetime

import pytest

from lindos.catalog import load_catalog
from lindos.claims.text import audit_text

CATALOG = load_catalog()
DAY = datetime.date(2025, 12, 5)


def flagged(text: str) -> list[str]:
    audit = audit_text(text, CATALOG, DAY)
    return [n.text for n, judgement in audit.judgements.items() if judgement.verdict == "wrong"]


#: A text with a gap, the number that is right there, and one that is wrong.
STATED = {
    "a share": ("Of the 100,000 chips in the hall, 32,000 belong to the customer, or {} percent.", "32", "62"),
    "ein Anteil": ("Von den 230.000 GPUs des Standorts sind 30.000 vom Typ GB200, also {} Prozent.", "13", "31"),
    "a fall": ("The price fell by {} percent, from $8 an hour to $2.", "75", "25"),
    "a growth by a tenth": (
        "Der Umsatz wuchs um {} Prozent auf 46,7 Milliarden Dollar. Ein Jahr zuvor hatte er bei 30,0 Milliarden Dollar "
        "gelegen.",
        "56",
        "5,6",
    ),
    "halls": ("The campus has eight halls of 150 megawatts each, {} gigawatts in total.", "1.2", "2.1"),
    "a contract": ("It is worth $11.9 billion over five years, or about ${} billion a year.", "2.4", "5.4"),
    "hours of devices": ("The model took 6.4 million GPU hours on 4,096 H100s, or about {} days.", "65", "650"),
    "a weekly rate": (
        "The factory builds 1,000 racks a week. Over the year it will have delivered about {} racks.",
        "52,000",
        "520,000",
    ),
    "a run's duration": (
        "The training run took 90 days on 25,000 A100s. After {} days the weights were frozen.",
        "90",
        "nine",
    ),
    "an energy": ("Training GPT-3 consumed an estimated 1,287 megawatt{}.", "-hours", "s"),
    "eine Energie": (
        "In einem Jahr verbrauchte das Rechenzentrum 2,4 Terawatt{} Strom, das sind im Mittel 274 Megawatt.",
        "stunden",
        "",
    ),
    "a machine's power": ("Frontier at Oak Ridge draws {} megawatts under the benchmark.", "24.6", "4.22"),
    "a planned power": (
        "Meta's Hyperion in Louisiana is to grow to five gigawatts. Anthropic uses Amazon's New Carlisle campus, which "
        "is to reach {} gigawatts.",
        "2.2",
        "five",
    ),
}


@pytest.mark.parametrize("text, right, wrong", STATED.values(), ids=STATED)
def test_only_the_wrong_result_is_flagged(text: str, right: str, wrong: str) -> None:
    assert flagged(text.format(right)) == []
    assert any(wrong in number or number in text.format(wrong) for number in flagged(text.format(wrong)))
    assert len(flagged(text.format(wrong))) == 1


UNSTATED = {
    "a doubling from one to the other": "Die Zahl der Chips verdoppelte sich von 100.000 auf 200.000.",
    "a count of devices like a year": "Das Modell wurde auf 2048 H800 trainiert und lief 54 Tage.",
    "two runs": (
        "The training of GPT-3 took 34 days. In comparison, training Llama 2 took only 12 days on more devices."
    ),
    "stages of a run": "Pre-training took 54 days. After that, post-training took five days.",
    "a mean power": "Last year the data centers used 300 megawatts on average.",
    "a machine at rest": "Frontier draws 7 megawatts when idle.",
    "a fall to a share": "Das Budget sank auf 40 Prozent, von 5 auf 2 Milliarden Dollar.",
}


@pytest.mark.parametrize("text", UNSTATED.values(), ids=UNSTATED)
def test_what_is_no_calculation_is_not_flagged(text: str) -> None:
    assert flagged(text) == []


def test_a_doubling_has_to_be_one() -> None:
    assert flagged("Die Zahl der Chips verdoppelte sich von 100.000 auf 300.000.") == ["verdoppelte"]
