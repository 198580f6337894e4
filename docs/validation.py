"""What Lindos computes beside what was published: the tables of the README and of validation.md.

`python docs/validation.py` prints them.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from lindos.catalog import load_catalog
from lindos.scenario.job import Job
from lindos.scenario.plan import Recompute, Schedule, Sharding
from lindos.scenario.resolve import pool_from_system
from lindos.step import assumptions, best_plan, estimate
from lindos.study import answer_file
from lindos.units import render
from lindos.validation import Score, Slice, read_runs, validate


class Line(NamedTuple):
    """One comparison."""

    what: str
    computed: str
    published: str
    ratio: float


def lines() -> Iterator[Line]:
    """Every comparison, computed now."""
    llama = answer_file("llama3-405b")
    over = next(t for s in llama.sections for t in s.tables if t.name == "step.virtual_stages")
    shares = [float(row[2]) for row in over.rows if row[2] is not None]
    mfu = llama.figure("step.mfu").value or 0.0
    yield Line(
        "Llama 3.1 405B on 16,384 H100: MFU",
        f"{100 * mfu:.1f} % ({100 * min(shares):.0f} to {100 * max(shares):.0f} % over 1 to 8 virtual stages)",
        "41 %",
        mfu / 0.41,
    )
    hours, lighter, recompute = deepseek_hours()
    yield Line(
        "DeepSeek-V3 on 2,048 H800: GPU-hours per trillion tokens",
        f"{hours / 1e3:,.0f} thousand with {recompute} recompute ({lighter / 1e3:,.0f} with selective)",
        "180 thousand",
        hours / 180e3,
    )
    for name in ("colossus-1", "colossus-2"):
        found = answer_file(name, sections=frozenset({"cluster", "site"}))
        site = load_catalog().site(name)
        for title, figure, fact, unit in (
            ("facility power", "site.power.total", site.published_facility_power, "W"),
            ("capital cost", "site.capex.total", site.published_capex, "USD"),
        ):
            value, published = found.figure(figure).value or 0.0, float(fact.value)
            yield Line(
                f"{site.title.removeprefix('xAI ')}: {title}",
                render(value, unit),
                render(published, unit),
                value / published,
            )


def deepseek_hours() -> tuple[float, float, str]:
    """GPU-hours per trillion tokens of DeepSeek-V3 on its published layout.

    First with the least recompute that the memory model lets fit, whose name comes last; second with selective
    recompute, which the run could use since it kept narrower states than are modelled.
    """
    catalog = load_catalog()
    job = Job(
        model=catalog.model("deepseek-v3"),
        sequence_length=4096,
        precision="fp8",
        stack=catalog.stack("dualpipe"),
        global_batch_size=15_360,
    )
    layout = {
        "tensor_parallel": 1,
        "pipeline_parallel": 16,
        "expert_parallel": 64,
        "data_parallel": 128,
        "schedule": int(Schedule.DUAL_PIPE),
        "sharding": int(Sharding.OPTIMIZER),
    }
    pool, given = pool_from_system(catalog, "hgx-h800", 2048), assumptions(catalog)
    choice = best_plan(job, pool, global_batch_size=15_360, fixed=layout, given=given)
    lighter = estimate(
        job, pool, replace(choice.plan, recompute=int(Recompute.SELECTIVE)), global_batch_size=15_360, given=given
    )
    hours = [2048 * 1e12 / float(step.tokens_per_second) / 3600 for step in (choice.estimate, lighter)]
    return hours[0], hours[1], Recompute(int(choice.plan.recompute)).name.lower()


def table() -> str:
    """The comparisons in Markdown."""
    head = "| what | Lindos | published | ratio |\n|---|---|---|---|\n"
    return head + "".join(f"| {x.what} | {x.computed} | {x.published} | {x.ratio:.2f} |\n" for x in lines())


#: Slices of the published training runs with the words of their column, and the fewest runs of one that is shown.
_SLICES = (("model_kind", "model"), ("accelerator", "accelerator"), ("precision", "precision"), ("stack", "software"))
_FEWEST = 5


def runs_summary() -> str:
    """Errors on the published training runs that ship, in one line of a table."""
    whole = _runs().whole
    assert whole is not None
    return _RUNS_HEAD.format("published training runs") + _left_out() + _runs_line("all", whole)


def _left_out() -> str:
    """Errors on runs left out of the fit, as the fit wrote them."""
    runs, median, p90 = (
        float(load_catalog().parameter(f"training.interval_left_out_{name}", "1").value)
        for name in ("runs", "median", "p90")
    )
    return f"| left out of the fit | {runs:.0f} | {100 * median:.1f} % | {100 * p90:.1f} % | | |\n"


def runs_table() -> str:
    """The same with every slice of at least five runs."""
    found = _runs()
    assert found.whole is not None
    lines = [_left_out(), _runs_line("all", found.whole)]
    for name, word in _SLICES:
        groups = sorted(found.by[name].items(), key=lambda item: -item[1].rows)
        lines += [_runs_line(f"{word}: {group}", one) for group, one in groups if one.rows >= _FEWEST]
    return _RUNS_HEAD.format("published training runs") + "".join(lines)


_RUNS_HEAD = (
    "| {} | runs | median error | 90 % are below | bias | in the 80 % interval |\n|---|---:|---:|---:|---:|---:|\n"
)


def _runs_line(name: str, one: Slice) -> str:
    errors = f"{one.median_abs_error:.1%} | {one.p90_abs_error:.1%} | {one.bias:+.1%} | {one.coverage_80:.0%}"
    return f"| {name} | {one.rows} | {errors} |\n".replace("%", " %")


@cache
def _runs() -> Score:
    return validate(read_runs())


if __name__ == "__main__":
    print(table() + "\n" + runs_table(), end="")
