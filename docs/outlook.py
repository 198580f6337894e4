"""Backtest of years: the tables of the page on roadmaps.

`python docs/outlook.py` prints them.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from lindos import roadmap
from lindos.catalog import Catalog, load_catalog
from lindos.scenario.schema import SiteSpec
from lindos.study.offers import priced
from lindos.study.reference import NUM_DEVICES, SITE
from lindos.study.supply import LINE
from lindos.units import render
from lindos.validation.outlook import (
    Forecast,
    Scores,
    calibrated,
    forecasts,
    outlook_error,
    read_announcements,
    scores,
    stretches,
)

#: Forerunner and generation of each forecast of the prior.
_PAIRS = (("h100-sxm", "gb200"), ("gb200", "rubin-vr200"), ("rubin-vr200", "rubin-ultra-vr300"))
_ANNOUNCED = {
    "h100_equivalents": "announced_equivalents",
    "power": "announced_power",
    "price": "announced_price",
}
_TITLES = {"facility_power": "facility power", "h100_equivalents": "H100-equivalents"}
_UNITS = {"facility_power": "W", "h100_equivalents": "1", "packaging": "1"}


def _listed(catalog: Catalog) -> list[roadmap.Generation]:
    """Devices whose packages the wafers of the world carry, with cost and power where they are published."""
    items = roadmap.generations(catalog, LINE)
    priced_items = [priced(catalog, item, SiteSpec(name=SITE), NUM_DEVICES) for item in items]
    return [item for item in priced_items if item.is_priced]


@cache
def backtest() -> tuple[Forecast, ...]:
    """Forecast sites and the world from July 2024, January 2025 and July 2025."""
    catalog = load_catalog()
    sampled = catalog.sampled()
    return forecasts(catalog, sampled, _listed(sampled))


def scores_table() -> str:
    """Scores by origin, beside the announced date and the trend, and how often the range held."""
    rows = backtest()
    stretched = calibrated(rows)
    lines = [
        "| from | what | forecasts | Lindos | the announced date | the trend | in the 80 % range | calibrated: score | "
        "in the range |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_scores_line(row, wide) for row, wide in zip(scores(rows), scores(stretched), strict=True)),
    ]
    lines.append("")
    lines.append(
        f"Of all {len(rows)} forecasts {_covered(rows)} lie in the 80 % range as it was written down, and "
        f"{_covered(stretched)} in the range that is calibrated on the other days."
    )
    return "\n".join(lines) + "\n"


def _covered(rows: Sequence[Forecast]) -> str:
    count = sum(row.is_covered for row in rows)
    return f"{count} ({100 * count / len(rows):.0f} %)"


def stretches_table() -> str:
    """Factor on the range of each kind of forecast, how many forecasts it is fitted to, and what it holds then."""
    rows = backtest()
    wide, fits = calibrated(rows), stretches(rows)
    lines = [
        "| what | from | fitted to | stretch | in the range, as written down | calibrated |",
        "|---|---|---|---|---|---|",
    ]
    for fit in fits:
        name = "any later day" if fit.origin is None else str(fit.origin)
        if fit.origin is None:
            held = ["", ""]
        else:
            pairs = [
                (row, new)
                for row, new in zip(rows, wide, strict=True)
                if (row.origin, row.kind) == (fit.origin, fit.kind)
            ]
            held = [f"{sum(row.is_covered for row in column)} of {len(pairs)}" for column in zip(*pairs, strict=True)]
        lines.append(f"| {fit.kind} | {name} | {fit.count} forecasts | {fit.factor:.2f} | {' | '.join(held)} |")
    low, high = outlook_error(rows)
    lines += [
        "",
        f"What wafers delivered over what they had let one forecast: 80 % within {low:.2f} to {high:.2f} times.",
    ]
    return "\n".join(lines) + "\n"


def prior_table() -> str:
    """Forecasts of the generations that are known from their forerunners, with ranges, beside what was announced."""
    catalog = load_catalog()
    sampled = catalog.sampled()
    launches = {item.name: item.available for item in _listed(catalog)}
    point = roadmap.backtest(_listed(catalog), catalog, roadmap.trends(catalog), _PAIRS)
    draws = roadmap.backtest(_listed(sampled), sampled, roadmap.trends(sampled), _PAIRS)
    lines = [
        "| forecast from | of | H100e a device: forecast, announced | W per H100e | USD per H100e |",
        "|---|---|---|---|---|",
    ]
    held, errors = [], []
    for row, drawn in zip(point, draws, strict=True):
        cells = []
        for name, said in _ANNOUNCED.items():
            low, high = np.quantile(np.asarray(getattr(drawn, name), float), (0.1, 0.9))
            truth = float(getattr(row, said))
            held.append(low <= truth <= high)
            texts = [render(float(value), "1") for value in (getattr(row, name), low, high, truth)]
            cells.append(f"{texts[0]} ({texts[1]} to {texts[2]}), {texts[3]}")
        lines.append(f"| {row.base} | {row.name} | {' | '.join(cells)} |")
        years = (launches[row.name] - launches[row.base]).days / 365.25
        errors.append(abs(np.log(float(row.announced_equivalents) / float(row.h100_equivalents))) / years)
    alone = sum(error <= max(errors[:index] + errors[index + 1 :]) for index, error in enumerate(errors))
    lines += [
        "",
        f"Of these {len(held)} forecasts {sum(held)} lie in their 80 % range. The range of the rate is the largest "
        f"error a year of its {len(errors)} forecasts; the largest of the others would have held {alone} of "
        f"{len(errors)}.",
    ]
    return "\n".join(lines) + "\n"


def _scores_line(row: Scores, wide: Scores) -> str:
    return (
        f"| {row.origin} | {row.kind}: {_TITLES[row.quantity]} | {row.count} | {row.score:.2f} | "
        f"{_beside(row, row.announced)} | {_beside(row, row.trend)} | {100 * row.coverage:.0f} % | "
        f"{wide.score:.2f} | {100 * wide.coverage:.0f} % |"
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
    print(stretches_table())
    print(prior_table())
    print(announcements_table())
