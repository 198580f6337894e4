"""An answer: the sections of one question, their sources, and the data to ask it again."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from lindos.catalog.facts import Source
from lindos.elements import Chart, Decision, Figure, Section, Table, Verdict, figure_of
from lindos.units import render

if TYPE_CHECKING:
    import pandas
    import pyarrow


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answer:
    """The answer to one scenario, with the data to run it again.

    Examples
    --------
    >>> import lindos
    >>> answer = lindos.run("one-node", sections=["cluster", "site"])
    >>> answer["cluster.num_devices"].value
    8.0
    >>> answer
    <Answer one-node: cluster, site; 43 figures>
    """

    command: str
    version: str
    name: str
    title: str
    statement: str
    inputs: Mapping[str, Any]
    sections: tuple[Section, ...]
    warnings: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    verdict: Verdict | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  # further entries of the JSON document
    ask_again: "Callable[[Mapping[str, Any]], Answer] | None" = field(default=None, compare=False)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures of all sections, in order."""
        return tuple(figure for section in self.sections for figure in section.figures)

    @property
    def tables(self) -> dict[str, Table]:
        """The tables of all sections by name."""
        return {table.name: table for section in self.sections for table in section.tables}

    @property
    def charts(self) -> dict[str, Chart]:
        """The charts of all sections by name."""
        return {chart.name: chart for section in self.sections for chart in section.charts}

    def figure(self, name: str) -> Figure:
        """Return the figure of a name.

        Parameters
        ----------
        name
            Dotted name, such as ``"site.power.total"``.

        Raises
        ------
        UnknownNameError
            If the answer has no figure of that name.
        """
        return figure_of(self.sections, name)

    def __getitem__(self, name: str) -> Figure:
        """Return the figure of a name."""
        return self.figure(name)

    def __iter__(self) -> Iterator[Figure]:
        """Iterate over the figures, in order."""
        return iter(self.figures)

    def change(self, values: Mapping[str, Any]) -> "Answer":
        """Ask the same question with other values; only results that depend on them are computed again.

        Parameters
        ----------
        values
            New values by dotted path of the scenario: ``{"site.electricity_price": "$0.05/kWh"}``.

        Raises
        ------
        InputError
            If a path or a value is wrong.
        TypeError
            If the answer is not that of a scenario.
        """
        if self.ask_again is None:
            raise TypeError(f"an answer of {self.command!r} cannot be changed, only that of a scenario")
        return self.ask_again(values)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the figures as plain rows: scenario, section, name, title, value, unit, low, high, why, sources."""
        return [
            {
                "scenario": self.name,
                "section": section.name,
                "name": figure.name,
                "title": figure.title,
                "value": figure.value,
                "unit": figure.unit,
                "low": figure.low,
                "high": figure.high,
                "why": figure.why,
                "sources": list(figure.sources),
            }
            for section in self.sections
            for figure in section.figures
        ]

    def entries_as_rows(self) -> list[dict[str, Any]]:
        """Return plans as plain rows: what is bought or stands, by period, place and item."""
        return [
            {
                "scenario": self.name,
                "section": section.name,
                "name": entry.name,
                "title": entry.title,
                "value": entry.value,
                "unit": entry.unit,
                "low": entry.low,
                "high": entry.high,
                "period": entry.period,
                "place": entry.place,
                "item": entry.item,
            }
            for section in self.sections
            for entry in section.entries
        ]

    def to_arrow(self) -> "pyarrow.Table":
        """Return figures, then plans by period, place and item, as an Arrow table with a row for each number.

        Numbers are SI floats, unknown ones null; a figure has no period, place or item.
        """
        import pyarrow
        from pyarrow.json import ParseOptions, ReadOptions, read_json

        texts = ("scenario", "section", "name", "title", "unit", "why", "period", "place", "item")
        kinds = {name: pyarrow.string() for name in texts} | {"sources": pyarrow.list_(pyarrow.string())}
        names = ("scenario", "section", "name", "title", "value", "unit", "low", "high", "why", "sources", *texts[-3:])
        schema = pyarrow.schema([(name, kinds.get(name, pyarrow.float64())) for name in names])
        metadata = {"lindos_version": self.version, "lindos_command": self.command}
        # Lines of JSON, because Arrow imports the whole of pandas, where it is installed, to look at Python's lists.
        rows = (*self.to_rows(), *self.entries_as_rows())
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(errors="replace")
        if not lines:
            return schema.with_metadata(metadata).empty_table()
        reading = ReadOptions(use_threads=False, block_size=len(lines) + 1)
        parsing = ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
        return read_json(BytesIO(lines), reading, parsing).replace_schema_metadata(metadata)

    def to_pandas(self) -> "pandas.DataFrame":
        """Return the figures as a data frame, indexed by name; needs pandas."""
        return self.to_arrow().to_pandas().set_index("name")

    def __repr__(self) -> str:
        """Show name, sections and number of figures in one line."""
        names = ", ".join(section.name for section in self.sections)
        return f"<Answer {self.name}: {names}; {len(self.figures)} figures>"

    def _repr_html_(self) -> str:
        """Show the summaries and headline figures in a notebook."""
        from html import escape

        rows = []
        for section in self.sections:
            rows.append(f'<tr><th colspan="3" style="text-align:left">{escape(section.title)}</th></tr>')
            rows.append(f'<tr><td colspan="3" style="text-align:left">{escape(section.summary)}</td></tr>')
            figures = {figure.name: figure for figure in section.figures}
            rows += [_html_row(figures[name]) for name in section.headline if name in figures]
        return f"<h3>{escape(self.title)}</h3><table>{''.join(rows)}</table>"


def _html_row(figure: Figure) -> str:
    from html import escape

    cells = (figure.title, _amount(figure, figure.value), _range(figure))
    return "<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells) + "</tr>"


def _amount(figure: Figure, value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{render(100.0 * value, '1')} %" if figure.percent else render(value, figure.unit)


def _range(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"{_amount(figure, figure.low)} to {_amount(figure, figure.high)}"
