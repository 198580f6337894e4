"""What the verdict says of years: whether the target can be reached, and what binds the plan or the world."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from lindos.elements import Cell, Figure, Number, Section, Table
from lindos.units import render

#: Limits of a plan that are worth a sentence, at most.
_MOST = 2
#: First year whose deliveries are not counted yet.
_FIRST_YEAR = 2026
#: What one more unit of a limit does, by the title of its column.
_DOES = {"saves": "save", "brings": "bring", "adds, H100e": "add"}


def _tables(section: Section) -> Mapping[str, Table]:
    return {table.name: table for table in section.tables}


def _amount(cell: Cell) -> float:
    value = cell.value if isinstance(cell, Number) else cell
    return float(value or 0.0)


def is_out_of_reach(section: Section) -> bool:
    """Tell whether limits exclude the target of a plan.

    Parameters
    ----------
    section
        The section of the roadmap.
    """
    return "roadmap.clash" in _tables(section)


def chance(section: Section) -> str:
    """Write in which share of the draws the target can be reached; empty if nobody asked.

    Parameters
    ----------
    section
        The section of the roadmap.
    """
    table = _tables(section).get("roadmap.chances")
    if table is None:
        return ""
    share = _amount(table.rows[0][1])
    percent = render(100 * share, "1", 2)
    draws = {0.0: "none of the draws", 1.0: "all draws"}.get(share, f"{percent} % of the draws")
    return f"it can {'' if not is_out_of_reach(section) else 'still '}be reached by its day in {draws}"


def limits(section: Section) -> Iterator[str]:
    """Say what binds a plan: limits that exclude its target, then the dearest; or what bounds the world's deliveries.

    Parameters
    ----------
    section
        The section of the roadmap.
    """
    tables = _tables(section)
    if "roadmap.clash" in tables:
        yield _excluded(tables["roadmap.clash"])
    if "roadmap.limits" in tables:
        yield from _dearest(tables["roadmap.limits"])
    if "roadmap.programmes" in tables:
        yield from _of_world(section)


def listed(names: Sequence[str]) -> str:
    """Write limits with commas, and the supplies of several devices as one.

    Parameters
    ----------
    names
        Limits by name, at least one.
    """
    first = "supply of "
    supplied = [name.removeprefix(first) for name in names if name.startswith(first)]
    rest = [name for name in names if not name.startswith(first)]
    parts = [*([first + ", ".join(supplied)] if supplied else []), *rest]
    return parts[0] if len(parts) == 1 else f"{'; '.join(parts[:-1])} and {parts[-1]}"


def _excluded(table: Table) -> str:
    names = [str(row[0]) for row in table.rows if not str(row[0]).startswith("target")]
    factors = {str(row[0]): row[1].value or 0.0 for row in table.rows if isinstance(row[1], Number)}
    alone = {name: factor for name, factor in factors.items() if name in names} or factors
    words = f"The target is out of reach: {listed(names)} exclude{'' if len(names) > 1 else 's'} it" if names else ""
    words = words or "The target is out of reach"
    if not alone:
        return f"{words}, and no change of a single limit is enough."
    name = min(alone, key=lambda limit: abs(alone[limit] - 1.0))
    return f"{words}; {render(alone[name], '1')} times the {name} would be enough."


def _dearest(table: Table) -> Iterator[str]:
    steps: dict[str, str] = {}
    unit, does = table.units[-1], _DOES[table.columns[-1]]
    for limit, step, saving in (row[:3] for row in table.rows):
        words = render(_amount(saving), unit) + (" H100-equivalents" if does == "add" else "")
        if not str(limit).startswith("target"):
            steps.setdefault(str(limit), f"Of the plan, the {limit}: {step} would {does} {words}.")
    yield from list(steps.values())[:_MOST]


def _of_world(section: Section) -> Iterator[str]:
    """What bounds deliveries in years that are to come, and how many programmes are late for it."""
    tables = _tables(section)
    rows = [(int(str(row[0])), str(row[-1])) for row in tables["roadmap.world"].rows]
    spans = [
        (name, [year for year, _ in years])
        for name, years in groupby((row for row in rows if row[0] >= _FIRST_YEAR), key=lambda row: row[1])
    ]
    if spans:
        parts = [
            f"{name} {'in' if len(years) == 1 else 'from'} {years[0]}{f' to {years[-1]}' if len(years) > 1 else ''}"
            for name, years in spans
        ]
        yield f"What the world delivers is bound by {', then by '.join(parts)}."
    programmes = tables["roadmap.sharing"].rows
    late = [str(row[0]) for row in programmes if _amount(row[2]) < 1.0 - 1e-9]
    if late:
        yield f"Shared in proportion, {len(late)} of {len(programmes)} programmes are late: {', '.join(late)}."


def plan_clause(section: Section, figures: Mapping[str, Figure], money: str) -> str:
    """Write the plan as a clause: the growth that it takes, what it costs, and whether it can be.

    Parameters
    ----------
    section
        The section of the roadmap.
    figures
        Its figures by name.
    money
        What is spent, in words that follow the growth; empty where it was said before.
    """
    growth, record = figures["roadmap.required_growth"].value, figures["roadmap.record_growth"].value
    assert growth is not None
    pace = f"{render(growth, '1')} times a year"
    if record is not None:
        pace += f", {'above' if growth > record else 'below'} the record of {render(record, '1')}"
    reached = figures["roadmap.target_h100_equivalents"]
    if is_out_of_reach(section) and reached.value is not None:
        most = f"{render(reached.value, '1')} H100-equivalents are the most"
        words = f"with the values of the catalogue the target cannot be reached: {most}, growth of {pace}"
    else:
        words = f"the target needs growth of {pace}"
    words += money
    likely = chance(section)
    return f"{words}; {likely}" if likely else words
