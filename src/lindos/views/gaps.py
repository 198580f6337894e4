"""Unpublished facts: a table of them, and how to give them."""

from collections.abc import Iterable

from lindos.catalog.gaps import Gap
from lindos.elements import Table


def gaps_table(name: str, gaps: Iterable[Gap]) -> tuple[Table, ...]:
    """Tabulate the facts that totals leave out, each with the line of a catalogue file that gives it.

    Parameters
    ----------
    name
        Name of the table.
    gaps
        Missing facts.
    """
    rows = tuple((gap.path, gap.note, _line(gap)) for gap in gaps)
    if not rows:
        return ()
    table = Table(
        name=name,
        key=True,
        title="Unknown, so that totals are lower bounds",
        columns=("fact", "why", "to give it, in a catalogue file"),
        units=("", "", ""),
        rows=rows,
    )
    return (table,)


def gaps_warning(gaps: Iterable[Gap]) -> tuple[str, ...]:
    """Write one sentence on the facts that totals leave out; nothing without gaps.

    Parameters
    ----------
    gaps
        Missing facts.
    """
    paths = [gap.path for gap in gaps]
    if not paths:
        return ()
    return (
        f"Totals are lower bounds: {', '.join(paths)} {'is' if len(paths) == 1 else 'are'} unknown. Give your own in a "
        "catalogue file (--catalog FILE).",
    )


def with_gaps(why: str, gaps: Iterable[Gap]) -> str:
    """Add to the reason of a figure that it leaves out facts.

    Parameters
    ----------
    why
        Reason of the figure.
    gaps
        Missing facts.
    """
    count = len(tuple(gaps))
    if not count:
        return why
    return f"{why.rstrip('.')}; a lower bound, {count} {'fact is' if count == 1 else 'facts are'} unknown"


def _line(gap: Gap) -> str:
    """Write a line of YAML with the place of a fact: ``fabrics: {quantum-hdr-200g: {switch_power: ... W}}``."""
    *groups, field = gap.path.split(".")
    unit = "" if gap.unit == "1" else f" {gap.unit}"
    opened = "".join(f"{group}: {{" for group in groups)
    return f"{opened}{field}: ...{unit}{'}' * len(groups)}"
