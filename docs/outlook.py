"""Backtest of years: the tables of the page on roadmaps.

`python docs/outlook.py` prints them.
"""

from lindos import roadmap
from lindos.catalog import load_catalog
from lindos.scenario.schema import SiteSpec
from lindos.study.offers import priced
from lindos.study.reference import NUM_DEVICES, SITE
from lindos.study.supply import LINE
from lindos.units import render
from lindos.validation.outlook import Forecast, Scores, forecasts, read_announcements, scores

_TITLES = {"facility_power": "facility power", "h100_equivalents": "H100-equivalents"}
_UNITS = {"facility_power": "W", "h100_equivalents": "1", "packaging": "1"}


def backtest() -> tuple[Forecast, ...]:
    """Forecast sites and the world from July 2024, January 2025 and July 2025."""
    catalog = load_catalog()
    sampled = catalog.sampled()
    listed = [priced(sampled, item, SiteSpec(name=SITE), NUM_DEVICES) for item in roadmap.generations(sampled, LINE)]
    return forecasts(catalog, sampled, [item for item in listed if item.is_priced])


def scores_table() -> str:
    """Scores by origin, beside the announced date and the trend, and how often the range held."""
    rows = backtest()
    lines = [
        "| from | what | forecasts | Lindos | the announced date | the trend | in the 80 % range |",
        "|---|---|---|---|---|---|---|",
        *(_scores_line(row) for row in scores(rows)),
    ]
    covered = sum(row.is_covered for row in rows)
    lines.append("")
    lines.append(f"Of all {len(rows)} forecasts {covered} ({100 * covered / len(rows):.0f} %) lie in their 80 % range.")
    return "\n".join(lines) + "\n"


def _scores_line(row: Scores) -> str:
    return (
        f"| {row.origin} | {row.kind}: {_TITLES[row.quantity]} | {row.count} | {row.score:.2f} | "
        f"{_beside(row, row.announced)} | {_beside(row, row.trend)} | {100 * row.coverage:.0f} % |"
    )


def _beside(row: Scores, pair: tuple[float, float] | None) -> str:
    if pair is None:
        return "none"
    error, score = pair
    return f"{error:.2f}" + (f" (Lindos on these: {score:.2f})" if abs(score - row.score) > 5e-3 else "")


def announcements_table() -> str:
    """Announcements and outlooks with the day on which they were published."""
    lines = ["| published | of | by | amount | as said | source |", "|---|---|---|---|---|---|"]
    for row in sorted(read_announcements(), key=lambda item: (item.published, item.name, item.end)):
        amount = render(row.value, _UNITS[row.quantity])
        unit = {"facility_power": "", "h100_equivalents": " H100e", "packaging": " wafers"}[row.quantity]
        source = f"[{row.title}]({row.url})"
        lines.append(f"| {row.published} | {row.name} | {row.end} | {amount}{unit} | {row.words} | {source} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(scores_table())
    print(announcements_table())
