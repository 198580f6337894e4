"""Colours of the series of an answer: one colour for one name in all of its charts."""

from collections.abc import Iterable, Mapping

from lindos.elements import Chart

#: Colours that colour-blind readers can tell apart, on white and on near-black (after Okabe and Ito, some lightened).
PALETTE = (
    *("#2b7fc4", "#e69f00", "#12a27b", "#d1699f", "#5fb5e5", "#d9622b"),
    *("#8d7fd9", "#a3a02f", "#8a8f98", "#b0764f", "#7cb342", "#b03a5b"),
)


def colours_of(charts: Iterable[Chart]) -> dict[str, str]:
    """Give each name of a series one colour in all charts; in a chart no two share one while there are enough.

    Parameters
    ----------
    charts
        Charts of an answer, in order.
    """
    colours: dict[str, str] = {}
    for chart in charts:
        names = [series.name for series in chart.series]
        taken = {colours[name] for name in names if name in colours}
        for index, name in enumerate(names):
            if name not in colours:
                free = [colour for colour in PALETTE if colour not in taken]
                colours[name] = free[0] if free else PALETTE[index % len(PALETTE)]
                taken.add(colours[name])
    return colours


def colour_of(name: str, index: int, colours: Mapping[str, str]) -> str:
    """Return the colour of a series.

    Parameters
    ----------
    name
        Name of the series.
    index
        Its place in the chart, for a name that has no colour.
    colours
        Colours by name.
    """
    return colours.get(name, PALETTE[index % len(PALETTE)])
