"""Plans and outlooks of others beside those of Lindos: a table of the page on roadmaps.

`python docs/compared.py` prints it. What others say stands in `roadmap-compared.csv`; what Lindos says is computed.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from lindos import roadmap
from lindos.catalog import load_catalog
from lindos.catalog.grades import grade_of
from lindos.scenario.read import read_scenario
from lindos.study.chain import Chain
from lindos.study.roadmap import ROADMAP
from lindos.study.supply import SUPPLY
from lindos.units import render

#: A difference by more than this factor, either way, needs a reason.
LARGE = 1.5
#: Name and unit by quantity.
_QUANTITIES: Mapping[str, tuple[str, str]] = {
    "h100_equivalents": ("H100e", "1"),
    "power": ("power", "W"),
    "capex": ("spent", "USD"),
    "power_per_equivalent": ("power of an H100e", "W"),
    "capex_per_equivalent": ("price of an H100e", "USD"),
    "share": ("share", "1"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number of others beside ours; ``value`` is None where only a range was said, ``ours`` where none compares."""

    who: str
    what: str
    end: str
    quantity: str
    value: float | None
    low: float | None
    high: float | None
    ours: float | None
    reason: str
    source: str

    @property
    def ratio(self) -> float | None:
        """Theirs over ours; 1 where ours lies in a range without a value."""
        if self.ours is None:
            return None
        if self.value is not None:
            return self.value / self.ours
        assert self.low is not None and self.high is not None
        return min(max(1.0, self.low / self.ours), self.high / self.ours)

    @property
    def is_large(self) -> bool:
        """Whether the difference needs a reason."""
        return self.ratio is not None and not 1.0 / LARGE <= self.ratio <= LARGE


class _Ours:
    """Numbers of Lindos by name, such as `plan.power` or `world.stock@2027-12-31`."""

    def __init__(self) -> None:
        """Compute two plans and the world that they share."""
        self._catalog, chain = load_catalog(), Chain()
        names = {"plan": "fifty-million", "openai": "openai-100m"}
        asked = {key: read_scenario(name)[0] for key, name in names.items()}
        self._plans = {key: chain.point(ROADMAP, scenario, self._catalog).plan for key, scenario in asked.items()}
        self._world: roadmap.World = chain.point(SUPPLY, asked["openai"], self._catalog)

    def number(self, name: str) -> float:
        """Look a number up.

        Parameters
        ----------
        name
            `WHOSE.WHAT`, for the world with `@` and a day, or two years with `..` between them.
        """
        whose, _, what = name.partition(".")
        if whose == "world":
            what, _, when = what.partition("@")
            amount: Callable[[str], float] = getattr(self, f"_world_{what}")
            return amount(when)
        return self._of_plan(whose, what)

    def _of_plan(self, whose: str, what: str) -> float:
        plan = self._plans[whose]
        assert plan is not None
        count, power, money = (
            float(amount) for amount in (plan.target_h100_equivalents, plan.final_power, plan.total_capex)
        )
        return {
            "h100_equivalents": count,
            "power": power,
            "capex": money,
            "power_per_equivalent": power / count,
            "capex_per_equivalent": money / count,
            "capex_per_gigawatt": money / power * 1e9,
        }[what]

    def _years(self, when: str) -> Iterator[roadmap.WorldYear]:
        first, last = (int(year) for year in when.split(".."))
        return (year for year in self._world.years if first <= year.year <= last)

    def _world_stock(self, when: str) -> float:
        return float(self._world.stock(date.fromisoformat(when)))

    def _world_power(self, when: str) -> float:
        rows = [row for row in self._catalog.records("supply").values() if row.facility_power.is_known]
        first = min(rows, key=lambda row: row.date)
        day = date.fromisoformat(first.date)
        return float(first.facility_power.value) + float(self._world.power_between(day, date.fromisoformat(when)))

    def _world_power_added(self, when: str) -> float:
        first, last = (int(year) for year in when.split(".."))
        return float(self._world.power_between(date(first - 1, 12, 31), date(last, 12, 31)))

    def _world_added(self, when: str) -> float:
        return sum(float(year.delivered) for year in self._years(when))

    def _world_drawn(self, when: str) -> float:
        return sum(float(year.power) for year in self._years(when))

    def _world_capex(self, when: str) -> float:
        return sum(float(year.capex) for year in self._years(when))

    def _world_power_per_equivalent(self, when: str) -> float:
        return self._world_drawn(f"{when}..{when}") / self._world_added(f"{when}..{when}")

    def _world_capex_per_equivalent(self, when: str) -> float:
        return self._world_capex(f"{when}..{when}") / self._world_added(f"{when}..{when}")

    def _world_standing_per_equivalent(self, when: str) -> float:
        return self._world_power(when) / self._world_stock(when)


@cache
def rows() -> tuple[Row, ...]:
    """Read what others say, and compute what stands beside it."""
    ours, catalog = _Ours(), load_catalog()
    text = Path(__file__).with_name("roadmap-compared.csv").read_text(encoding="utf-8")
    listed = []
    for line in csv.DictReader(text.splitlines()):
        source = catalog.source(line["source"]) if line["source"] else None
        title, url = (source.title, source.url) if source else (line["title"], line["url"])
        grade = grade_of(source) if source else line["grade"]
        listed.append(
            Row(
                who=line["who"],
                what=line["what"],
                end=line["by"],
                quantity=line["quantity"],
                value=float(line["value"]) if line["value"] else None,
                low=float(line["low"]) if line["low"] else None,
                high=float(line["high"]) if line["high"] else None,
                ours=ours.number(line["ours"]) if line["ours"] else None,
                reason=line["reason"],
                source=f"{f'[{title}]({url})' if url else title} ({grade})",
            )
        )
    return tuple(listed)


def unexplained(listed: tuple[Row, ...]) -> list[str]:
    """Name rows that differ by more than `LARGE`, or compare with nothing, without a reason.

    Parameters
    ----------
    listed
        Rows of the table.
    """
    return [f"{row.who}: {row.quantity}" for row in listed if not row.reason and (row.is_large or row.ours is None)]


def compared_table() -> str:
    """Numbers of others, ours, their ratio, and the reason, which none above 1.5 or below 1 / 1.5 lacks."""
    listed = rows()
    if missing := unexplained(listed):
        raise ValueError(f"differences above {LARGE} without a reason: {', '.join(missing)}")
    lines = ["| who | what, by | | theirs | ours | theirs over ours | reason |", "|---|---|---|---|---|---|---|"]
    last = ("", "")
    for row in listed:
        is_new = (row.who, row.what) != last
        last = (row.who, row.what)
        heads = (f"{row.who}: {row.source}", f"{row.what}, {row.end}") if is_new else ("", "")
        ratio = "" if row.ratio is None else render(row.ratio, "1", 2)
        cells = (*heads, _QUANTITIES[row.quantity][0], _theirs(row), _written(row.ours, row), ratio, row.reason)
        lines.append(f"| {' | '.join(cells)} |")
    large = sum(row.is_large for row in listed)
    compared = [row.ratio for row in listed if row.ratio is not None]
    apart = float(np.median(np.exp(np.abs(np.log(compared)))))
    lines += [
        "",
        f"{len(compared)} numbers, {large} of them apart by more than {LARGE}; half of all within {apart:.2f}.",
    ]
    return "\n".join(lines) + "\n"


def _theirs(row: Row) -> str:
    spread = "" if row.low is None else f"{_written(row.low, row)} to {_written(row.high, row)}"
    if row.value is None:
        return spread
    return _written(row.value, row) + (f" ({spread})" if spread else "")


def _written(amount: float | None, row: Row) -> str:
    return "" if amount is None else render(amount, _QUANTITIES[row.quantity][1])


if __name__ == "__main__":
    print(compared_table())
