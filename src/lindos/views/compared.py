"""Scenarios beside each other: their headline figures, and what moved a figure from one to another."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from lindos.elements import Cell, Chart, Figure, Number, Section, Series, Table
from lindos.units import render

#: Inputs with a bar of their own, at most; the smaller ones share a bar.
_MOST_BARS = 9
#: Relative difference of two figures that is rounding.
ROUNDING = 1e-12
#: Figures that a summary names, the first ones of a scenario's own question.
_IN_SUMMARY = 3
#: Cell of a figure that a scenario does not ask for.
NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One of the scenarios: its letter in figures, its label, and its sections; none if it has no answer."""

    letter: str
    label: str
    sections: tuple[Section, ...]
    error: str = ""

    def figure(self, name: str) -> Figure | None:
        """Return the figure of a name; None if this scenario has none.

        Parameters
        ----------
        name
            Dotted name.
        """
        figures = (figure for section in self.sections for figure in section.figures)
        return next((figure for figure in figures if figure.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One changed input: its two values, and the change of the figure that it makes alone.

    ``effect`` is None if the input alone makes a scenario that cannot be answered; ``error`` says why.
    """

    path: str
    old: str
    new: str
    effect: float | None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What moved a figure from ``start`` to ``end``.

    Parameters
    ----------
    figure
        The figure, of the first scenario.
    labels
        Labels of the two scenarios.
    start, end
        Values of the figure without ranges.
    moves
        Changed inputs.
    """

    figure: Figure
    labels: tuple[str, str]
    start: float
    end: float
    moves: tuple[Move, ...]

    @property
    def alone(self) -> float:
        """The sum of what the inputs change alone."""
        return sum(move.effect for move in self.moves if move.effect is not None and self.is_felt(move))

    def is_felt(self, move: Move) -> bool:
        """Tell whether an input alone changes the figure by more than rounding.

        Parameters
        ----------
        move
            The input.
        """
        return move.effect is not None and abs(move.effect) > ROUNDING * max(abs(self.start), abs(self.end))

    @property
    def together(self) -> float:
        """What the inputs change together beyond that: the rest of the difference."""
        return (self.end - self.start) - self.alone


def compared(
    variants: Sequence[Variant], names: Sequence[str], first: Collection[str], inputs: Sequence[Table]
) -> Section:
    """Show scenarios beside each other.

    Parameters
    ----------
    variants
        Two to four scenarios; the first is the one that the others are held against.
    names
        Figures to show, in order.
    first
        Those of them that matter most.
    inputs
        Tables of the inputs that differ.
    """
    present = [name for name in names if any(_value(variant, name) is not None for variant in variants)]
    differing = [name for name in present if differs([_value(variant, name) for variant in variants])]
    most = [name for name in differing if name in first]
    rest = [name for name in differing if name not in first]
    equal = [_titled(variants, name) for name in present if name not in differing]
    note = f"The same in all: {', '.join(equal)}." if equal else ""
    return Section(
        name="compared",
        title="Beside each other",
        summary=_summary(variants, differing),
        figures=tuple(_figures(variants, present)),
        tables=(
            *((_table(variants, most, "compared.figures", "The figures that matter most"),) if most else ()),
            *(table for table in inputs if table.rows),
            *((_ratios(variants, most),) if len(variants) > 2 and most else ()),
            *((_table(variants, rest, "compared.rest", "Further figures that differ", note),) if rest else ()),
            *((_ranges(variants, differing),) if any(_has_range(variants, name) for name in differing) else ()),
        ),
        charts=tuple(_chart(variants, name) for name in most[:_IN_SUMMARY]),
        warnings=tuple(f"{variant.label} has no answer: {variant.error}" for variant in variants if variant.error),
    )


def _value(variant: Variant, name: str) -> float | None:
    figure = variant.figure(name)
    return None if figure is None else figure.value


def differs(values: Sequence[float | None]) -> bool:
    """Tell whether numbers differ by more than rounding, or only some are known.

    Parameters
    ----------
    values
        The numbers; None is unknown.
    """
    numbers = [value for value in values if value is not None]
    if len(numbers) < len(values):
        return True
    return max(numbers) - min(numbers) > ROUNDING * max(abs(number) for number in numbers)


def _sample(variants: Sequence[Variant], name: str) -> Figure:
    return next(figure for variant in variants if (figure := variant.figure(name)) is not None)


def _titled(variants: Sequence[Variant], name: str) -> str:
    title = _sample(variants, name).title
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def _unit(figure: Figure) -> str:
    return "%" if figure.percent else figure.unit


def _written(value: float | None, figure: Figure) -> str:
    if value is None:
        return "unknown"
    return f"{render(100 * value, '1')} %" if figure.percent else render(value, figure.unit)


def _summary(variants: Sequence[Variant], names: Sequence[str]) -> str:
    """Say how much the others differ from the first in the first few figures."""
    first = variants[0]
    if not names:
        return "No figure differs."
    sentences = []
    for variant in variants[1:]:
        parts: list[str] = []
        for name in names:
            old, new, figure = _value(first, name), _value(variant, name), _sample(variants, name)
            if old and new is not None and len(parts) < _IN_SUMMARY:
                change = "the same" if old == new else f"{_change(old, new)}"
                parts.append(f"{_titled(variants, name)} {_written(new, figure)} ({change})")
        sentences.append(f"{variant.label} against {first.label}: {', '.join(parts)}." if parts else "")
    return " ".join(sentence for sentence in sentences if sentence) or "No figure is in two of them."


def _change(old: float, new: float) -> str:
    ratio = new / old
    if 0.5 < ratio < 2:
        return f"{'+' if ratio >= 1 else '−'}{render(100 * abs(ratio - 1), '1')} %"
    return f"{render(ratio, '1')} times"


def _table(variants: Sequence[Variant], names: Sequence[str], name: str, title: str, note: str = "") -> Table:
    """Tabulate the figures; of two scenarios also the difference and the ratio."""
    rows: list[tuple[Cell, ...]] = []
    for figure_name in names:
        figure = _sample(variants, figure_name)
        unit, values = _unit(figure), [_value(variant, figure_name) for variant in variants]
        asked = [variant.figure(figure_name) is not None for variant in variants]
        cells: list[Cell] = [
            Number(value=value, unit=unit, bound=_bound(variant, figure_name)) if is_asked else NOT_ASKED
            for value, variant, is_asked in zip(values, variants, asked, strict=True)
        ]
        if len(variants) == 2:
            cells.append(Number(value=_less(values[1], values[0]), unit=unit) if all(asked) else "")
            cells.append(Number(value=_ratio(values[1], values[0]), suffix="x") if all(asked) else "")
        rows.append((figure.title, *cells))
    extra = ["difference", "ratio"] if len(variants) == 2 else []
    return Table(
        name=name,
        key=name == "compared.figures",
        title=title,
        columns=("", *(variant.label for variant in variants), *extra),
        units=("", *("1" for _ in variants), *("1" for _ in extra)),
        rows=tuple(rows),
        note=note,
    )


def _ratios(variants: Sequence[Variant], names: Sequence[str]) -> Table:
    """Tabulate the ratios of more than two scenarios to the first."""
    first, *rest = variants
    return Table(
        name="compared.ratios",
        title=f"Over {first.label}",
        columns=("", *(variant.label for variant in rest)),
        units=("", *("1" for _ in rest)),
        rows=tuple(
            (
                _sample(variants, name).title,
                *(
                    Number(value=_ratio(_value(variant, name), _value(first, name)), suffix="x")
                    if variant.figure(name) is not None and first.figure(name) is not None
                    else ""
                    for variant in rest
                ),
            )
            for name in names
        ),
    )


def _bound(variant: Variant, name: str) -> str:
    figure = variant.figure(name)
    return figure.bound if figure is not None and figure.value is not None else ""


def _less(value: float | None, base: float | None) -> float | None:
    return None if value is None or base is None else value - base


def _ratio(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else value / base


def _has_range(variants: Sequence[Variant], name: str) -> bool:
    figures = (variant.figure(name) for variant in variants)
    return any(figure is not None and figure.low is not None for figure in figures)


def _ranges(variants: Sequence[Variant], names: Sequence[str]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        if _has_range(variants, name):
            figures = [variant.figure(name) for variant in variants]
            unit = _unit(_sample(variants, name))
            cells = (
                Number(value=None, unit=unit, low=f.low, high=f.high) if f and f.low is not None else ""
                for f in figures
            )
            rows.append((_sample(variants, name).title, *cells))
    return Table(
        name="compared.ranges",
        title="Their ranges",
        columns=("", *(variant.label for variant in variants)),
        units=("", *("1" for _ in variants)),
        rows=tuple(rows),
        note="Most of the uncertainty is common: a difference is better known than the two ranges say.",
    )


def _chart(variants: Sequence[Variant], name: str) -> Chart:
    figure = _sample(variants, name)
    figures = [variant.figure(name) for variant in variants]
    return Chart(
        name=f"compared.{name}",
        title=figure.title,
        kind="bars",
        unit=_unit(figure),
        series=(
            Series(
                name=figure.title,
                x=tuple(variant.label for variant in variants),
                y=tuple(f.value if f else None for f in figures),
                low=tuple(f.low if f else None for f in figures),
                high=tuple(f.high if f else None for f in figures),
            ),
        ),
    )


def _figures(variants: Sequence[Variant], names: Sequence[str]) -> Iterator[Figure]:
    """Name each figure by the letter of its scenario, for machines."""
    for variant in variants:
        for name in names:
            figure = variant.figure(name)
            if figure is not None:
                title = f"{figure.title}, {variant.label}"
                yield replace(figure, name=f"{variant.letter}.{name}", title=title, quantity="", drivers=())


def inputs_table(labels: tuple[str, str], rows: Sequence[tuple[str, str, str]]) -> Table:
    """Tabulate the inputs in which two scenarios differ.

    Parameters
    ----------
    labels
        Labels of the two.
    rows
        Path, value old and value after of each input.
    """
    return Table(
        name=f"compared.inputs.{labels[1]}",
        key=True,
        title=f"What is different in {labels[1]}",
        columns=("input", *labels),
        units=("", "", ""),
        rows=tuple(rows),
    )


def moved(moves: Moves, letter: str) -> Section:
    """Show what moved a figure: each input alone, then what the inputs do together.

    Parameters
    ----------
    moves
        The changed inputs with their effects.
    letter
        Letter of the second scenario.
    """
    unit, figure = _unit(moves.figure), moves.figure
    effective = sorted(filter(moves.is_felt, moves.moves), key=lambda move: -abs(move.effect or 0.0))
    still = [move.path for move in moves.moves if move.effect is not None and not moves.is_felt(move)]
    refused = [move for move in moves.moves if move.effect is None]
    difference = moves.end - moves.start

    def row(label: str, effect: float) -> tuple[Cell, ...]:
        return label, Number(value=effect, unit=unit, share=effect / difference if difference else None)

    table = Table(
        name=f"moved.{letter}.{figure.name}",
        key=True,
        title=f"{figure.title}: each input alone, then together",
        columns=("input", "alone changes it by"),
        units=("", unit),
        rows=(
            *(row(move.path, move.effect or 0.0) for move in effective),
            *([row("all of them together, beyond that", moves.together)] if len(moves.moves) > 1 else []),
            row("difference", difference),
        ),
        note="In brackets the share of the difference. The rows above the last one add up to it."
        + (f" Without effect on it: {', '.join(still)}." if still else ""),
    )
    return Section(
        name=f"moved-{letter}-{figure.name}",
        title=f"What moved: {figure.title[:1].lower()}{figure.title[1:]}"
        if not figure.title[:2].isupper()
        else f"What moved: {figure.title}",
        summary=_moved_summary(moves, effective),
        tables=(table,),
        charts=(_waterfall(moves, effective, letter),) if effective or moves.together else (),
        notes=tuple(
            f"{move.path} alone has no answer, and counts with what they do together: {move.error}" for move in refused
        ),
    )


def _moved_summary(moves: Moves, effective: Sequence[Move]) -> str:
    figure = moves.figure
    ends = [
        f"{_written(value, figure)} in {label}"
        for value, label in zip((moves.start, moves.end), moves.labels, strict=True)
    ]
    start = f"From {ends[0]} to {ends[1]}."
    if not effective or moves.start == moves.end:
        return start
    largest = effective[0]
    sign = "adds" if (largest.effect or 0.0) > 0 else "takes off"
    return f"{start} Most alone: {largest.path} {sign} {_written(abs(largest.effect or 0.0), figure)}."


def _waterfall(moves: Moves, effective: Sequence[Move], letter: str) -> Chart:
    bars = [(move.path, move.effect or 0.0) for move in effective[:_MOST_BARS]]
    smaller = [move.effect or 0.0 for move in effective[_MOST_BARS:]]
    if smaller:
        bars.append((f"{len(smaller)} smaller inputs", sum(smaller)))
    if moves.together:
        bars.append(("together", moves.together))
    return Chart(
        name=f"moved.{letter}.{moves.figure.name}",
        title=f"{moves.figure.title}, from {moves.labels[0]} to {moves.labels[1]}",
        kind="waterfall",
        unit=_unit(moves.figure),
        series=(
            Series(
                name=moves.figure.title,
                x=(moves.labels[0], *(label for label, _ in bars), moves.labels[1]),
                y=(moves.start, *(effect for _, effect in bars), moves.end),
            ),
        ),
        note="The first and the last bar are the figure; each bar between them begins where the one before it ends.",
    )
