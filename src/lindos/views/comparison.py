"""The cluster compared with the leading supercomputers."""

from lindos.claims.top500 import MATCH
from lindos.elements import Number, Section, Table
from lindos.study.comparison import COMPARISON, ComparisonResult
from lindos.study.floor import Outcome
from lindos.units import render
from lindos.views.view import Context, View

TITLE = "Beside the leading supercomputers"


def view(context: Context, outcome: Outcome[ComparisonResult]) -> Section | None:
    """Show the comparison; None if the catalogue has no list.

    Parameters
    ----------
    context
        Scenario and catalogue.
    outcome
        Rows of the comparison.
    """
    del context
    rows = outcome.point.rows
    if not rows:
        return None
    table = Table(
        name="comparison.top500",
        title=f"Beside the TOP500 list of {rows[0].list_date}",
        columns=("machine", "its figure is", "its figure", "the cluster's is", "the cluster's", "ratio", "precisions"),
        units=("", "", "1", "", "1", "1", ""),
        rows=tuple(
            (
                row.supercomputer,
                row.machine_name,
                Number(value=row.machine_value, unit=row.unit),
                row.cluster_name,
                Number(value=row.cluster_value, unit=row.unit),
                Number(value=row.ratio, suffix="x"),
                row.precisions,
            )
            for row in rows
        ),
        note="HPL runs in FP64. A ratio between different precisions does not tell which machine is faster.",
    )
    first = next((row for row in rows if row.precisions == MATCH and row.ratio is not None), None)
    summary = (
        f"In 8-bit dense H100-equivalents it has {render(first.ratio, '1')} times {first.supercomputer}."
        if first and first.ratio is not None
        else "No figure of the leading machines can be compared in the same precision."
    )
    return Section(name="comparison", title=TITLE, summary=summary, tables=(table,))


VIEW = View(floor=COMPARISON, title=TITLE, show=view)
