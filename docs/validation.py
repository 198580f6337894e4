"""What Lindos computes beside what was published: the tables of the README and of validation.md.

`python docs/validation.py` prints them.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lindos.answers import run
from lindos.catalog import load_catalog
from lindos.planning import best_plan
from lindos.problem.job import Job
from lindos.problem.plan import Recompute, Schedule, Sharding
from lindos.scenario.resolve import pool_from_system
from lindos.site import published as published_of_site
from lindos.step import estimate, load_assumptions
from lindos.units import render
from lindos.validation import Comparison, Fits, Result, Score, Slice, published, read_layouts, read_runs, validate
from lindos.validation.fits import count_fits
from lindos.validation.machine_load import machine_loads
from lindos.validation.score import SLICES, slice_of
from lindos.validation.site_power import CLOSE, SiteSlice, validate_sites
from lindos.validation.site_rows import read_site_rows


class Line(NamedTuple):
    """One comparison."""

    quantity: str
    computed: str
    published: str
    ratio: float


def lines() -> Iterator[Line]:
    """Every comparison, computed now."""
    llama = run("llama3-405b")
    virtual_stages = next(t for s in llama.sections for t in s.tables if t.name == "step.virtual_stages")
    shares = [float(row[2]) for row in virtual_stages.rows if row[2] is not None]
    mfu = llama.figure("step.mfu").value or 0.0
    yield Line(
        "Llama 3.1 405B on 16,384 H100: MFU",
        f"{100 * mfu:.1f} % ({100 * min(shares):.0f} to {100 * max(shares):.0f} % over 1 to 8 virtual stages)",
        "41 %",
        mfu / 0.41,
    )
    asked, hours, recompute = deepseek_hours()
    yield Line(
        "DeepSeek-V3 on 2,048 H800: GPU-hours per trillion tokens",
        f"{hours / 1e3:,.0f} thousand with the recompute of the report ({asked / 1e3:,.0f} with {recompute})",
        "180 thousand",
        hours / 180e3,
    )
    for name in ("colossus-1", "colossus-2"):
        answer = run(name, sections=frozenset({"cluster", "site"}))
        site = load_catalog().site(name)
        devices = float(answer.figure("cluster.num_devices").value or 0.0)
        for title, figure, fact, unit in (
            ("IT power", "site.power.it_power", site.published_it_power, "W"),
            ("capital cost", "site.capex.total", site.published_capex, "USD"),
        ):
            value, beside = answer.figure(figure).value or 0.0, published_of_site(site, fact, devices)
            assert beside is not None
            yield Line(
                f"{site.title.removeprefix('xAI ')}: {title}",
                render(value, unit),
                render(beside.value, unit)
                + ("" if beside.factor == 1.0 else f" for as many ({beside.factor:.2f} times)"),
                value / beside.value,
            )


def deepseek_hours() -> tuple[float, float, str]:
    """GPU-hours per trillion tokens of DeepSeek-V3 on its published layout.

    First with the least recompute that the memory model lets fit, whose name comes last; second with that of the
    report, which the run could use since it kept narrower states than are modelled.
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
    pool, assumptions = pool_from_system(catalog, "hgx-h800", 2048), load_assumptions(catalog)
    choice = best_plan(job, pool, global_batch_size=15_360, fixed=layout, assumptions=assumptions)
    lighter = estimate(
        job,
        pool,
        replace(choice.plan, recompute=int(Recompute.SELECTIVE)),
        global_batch_size=15_360,
        assumptions=assumptions,
    )
    hours = [2048 * 1e12 / float(step.tokens_per_second) / 3600 for step in (choice.estimate, lighter)]
    return hours[0], hours[1], Recompute(int(choice.plan.recompute)).name.lower()


def table() -> str:
    """The comparisons in Markdown."""
    head = "| what | Lindos | published | ratio |\n|---|---|---|---|\n"
    return head + "".join(f"| {x.quantity} | {x.computed} | {x.published} | {x.ratio:.2f} |\n" for x in lines())


#: Slices of the published training runs with the words of their column, and the fewest runs of one that is shown.
_SLICES = (
    *(("model_kind", "model"), ("size", "active parameters"), ("accelerator", "accelerator")),
    *(("precision", "precision"), ("stack", "software"), ("source", "source")),
)
#: What `fit/stacks.py --write` wrote: predictions made without the runs of their fold.
LEFT_OUT = Path(__file__).parent / "left-out-runs.csv"
_FEWEST = 5


def runs_summary() -> str:
    """Errors on runs left out of the fit, whole and by the slices that matter most."""
    lines = [_runs_line(name, entry) for name, entry in _special()]
    return _RUNS_HEAD.format("published training runs of sources that no fit has seen") + "".join(lines)


def pairs_table() -> str:
    """Errors on planned runs, without all runs of their models on their accelerators."""
    lines = []
    for table, name in (("pair", "as shipped"), ("pair, calibrated", "calibrated with the source's other runs")):
        entries = _left_out(table)
        for kind in ("all", "dense", "moe"):
            members = [entry for entry in entries if kind in ("all", SLICES["model_kind"](entry.result))]
            lines.append(_runs_line(f"{name}: {kind}", _slice(members), has_interval=False))
    head = (
        "| model and accelerator left out | runs | median error | 90 % are below | bias |\n|---|---:|---:|---:|---:|\n"
    )
    return head + "".join(lines)


def left_out_table() -> str:
    """Errors on runs left out of the fit, with every slice of at least five runs."""
    lines = [_runs_line(name, entry) for name, entry in _special()]
    for name, word in _SLICES:
        groups: dict[str, list[_LeftOut]] = {}
        for entry in _left_out("source"):
            groups.setdefault(SLICES[name](entry.result), []).append(entry)
        largest = sorted(groups.items(), key=lambda item: -len(item[1]))
        lines += [_runs_line(f"{word}: {group}", _slice(runs)) for group, runs in largest if len(runs) >= _FEWEST]
    return _RUNS_HEAD.format("source left out of the fit") + "".join(lines)


def runs_table() -> str:
    """Errors on all runs, which the fit has seen, with every slice of at least five runs."""
    scored = _runs()
    assert scored.overall is not None
    return _RUNS_HEAD.format("all runs") + _runs_line("all", scored.overall) + _sliced(scored)


def _sliced(scored: Score) -> str:
    lines = []
    for name, word in _SLICES:
        groups = sorted(scored.slices[name].items(), key=lambda item: -item[1].rows)
        lines += [_runs_line(f"{word}: {group}", part) for group, part in groups if part.rows >= _FEWEST]
    return "".join(lines)


def campaigns_table() -> str:
    """Published campaigns beside what is predicted, or what they imply."""
    head = "| campaign | what | Lindos | 80 %, or sourced range | published | ratio | rests on |\n"
    head += "|---|---|---:|---:|---:|---:|---|\n"
    return head + "".join(_campaign_line(comparison) for comparison in published(load_catalog()))


def _campaign_line(comparison: Comparison) -> str:
    span = "" if comparison.low is None else f"{comparison.text(comparison.low)} to {comparison.text(comparison.high)}"
    verdict = {True: ", inside", False: ", **outside**", None: ""}[comparison.in_range]
    ratio = "" if comparison.ratio is None else f"{comparison.ratio:.2f}"
    cells = (
        comparison.campaign,
        comparison.outcome,
        comparison.text(comparison.predicted),
        span + verdict,
        comparison.text(comparison.published),
        ratio,
    )
    return f"| {' | '.join(cells)} | {comparison.rests_on} |\n"


def power_table() -> str:
    """Power of published sites and machines, by kind, and machines each left out of the load of its kind."""
    catalog, rows = load_catalog(), read_site_rows()
    score = validate_sites(catalog, rows)
    head = "| power | rows | median error | 90 % are below | bias | within 15 % | in the 80 % range |\n"
    lines = [_power_line(name, part) for name, part in score.slices.items() if part.rows >= _FEWEST]
    machines = machine_loads(catalog, rows)
    for name, chosen in (
        ("machine under HPL, by the other machines of its kind", machines),
        (
            "machine under HPL, count plausible, by the others",
            [machine for machine in machines if not machine.prediction.is_count_doubtful],
        ),
    ):
        errors = np.array([machine.error for machine in chosen if machine.error is not None])
        lines.append(
            f"| {name} | {len(errors)} | {np.median(abs(errors)):.1%} | {np.percentile(abs(errors), 90):.1%} "
            f"| {np.median(errors):+.1%} | {np.mean(abs(errors) <= CLOSE):.0%} |  |\n".replace("%", " %")
        )
    return head + "|---|---:|---:|---:|---:|---:|---:|\n" + "".join(lines)


def _power_line(name: str, part: SiteSlice) -> str:
    assert part.median_abs_error is not None
    coverage = "" if part.coverage_80 is None else f"{part.coverage_80:.0%}"
    cells = f"{part.median_abs_error:.1%} | {part.p90_abs_error:.1%} | {part.bias:+.1%} | {part.close:.0%} | {coverage}"
    return f"| {name} | {part.rows} | {cells} |\n".replace("%", " %")


#: Slices of their own of the runs left out.
_SPECIAL: dict[str, Callable[[Result], bool]] = {
    "all": lambda _: True,
    "dense": lambda r: r.prediction.prepared is not None and r.prediction.prepared.model_kind == "dense",
    "mixture of experts": lambda r: r.prediction.prepared is not None and r.prediction.prepared.model_kind == "moe",
    "Blackwell": lambda r: "B200" in r.row.run.accelerator or "B300" in r.row.run.accelerator,
    "1,024 devices and more": lambda r: (r.row.run.num_devices or 0) >= 1024,
    "recompute stated": lambda r: bool(r.row.run.recompute),
}


def _special() -> Iterator[tuple[str, Slice]]:
    for name, chosen in _SPECIAL.items():
        runs = [entry for entry in _left_out("source") if chosen(entry.result)]
        medians: dict[str, list[float]] = {}
        for entry in runs:
            medians.setdefault(SLICES["source"](entry.result), []).append(abs(entry.error))
        mean = np.mean([np.median(errors) for errors in medians.values()])
        yield f"{name} ({len(medians)} sources; mean of their medians {100 * mean:.1f} %)", _slice(runs)


class _LeftOut(NamedTuple):
    """A run as the fit without its fold predicts it."""

    result: Result
    error: float
    covered: bool


def _slice(runs: list[_LeftOut]) -> Slice:
    return slice_of([run.error for run in runs], [run.covered for run in runs])


@cache
def _left_out(table: str) -> list[_LeftOut]:
    """The runs that the fit left out, as it wrote them down."""
    with LEFT_OUT.open(encoding="utf-8") as file:
        rows_by_id = {row["id"]: row for row in csv.DictReader(file) if row["left_out"] == table}
    runs = []
    for result in _runs().results:
        if result.row.run.id in rows_by_id:
            names = ("measured_step_s", "predicted_step_s", "low_s", "high_s")
            measured, time, low, high = (float(rows_by_id[result.row.run.id][name] or "nan") for name in names)
            runs.append(_LeftOut(result, time / measured - 1, low <= measured <= high))
    return runs


def fits_table() -> str:
    """Runs that ran and configurations that ran out of memory, beside what the model of memory says of them."""
    layouts = validate(read_layouts()).results
    entries = [("published training runs", _runs().fits), ("layouts of LLaMA-13B", _fits(layouts))]
    kernels = sorted({result.row.run.attention_kernel for result in layouts})
    for kernel in kernels:
        entries += [
            (f"attention {kernel}, {recompute} recompute", _fits([r for r in layouts if _is_of(r, kernel, recompute)]))
            for recompute in ("none", "full")
        ]
    head = "| configurations | ran | of these refused | ran out of memory | of these refused |\n"
    counts = ((name, fits.ran, fits.ran_refused, fits.failed, fits.failed_caught) for name, fits in entries)
    return head + "|---|---:|---:|---:|---:|\n" + "".join(f"| {' | '.join(map(str, line))} |\n" for line in counts)


def _is_of(result: Result, kernel: str, recompute: str) -> bool:
    return result.row.run.attention_kernel == kernel and result.row.run.recompute == recompute


def _fits(results: Sequence[Result]) -> Fits:
    return count_fits([(result.row, result.prediction) for result in results])


_RUNS_HEAD = (
    "| {} | runs | median error | 90 % are below | bias | in the 80 % interval |\n|---|---:|---:|---:|---:|---:|\n"
)


def _runs_line(name: str, part: Slice, has_interval: bool = True) -> str:
    errors = f"{part.median_abs_error:.1%} | {part.p90_abs_error:.1%} | {part.bias:+.1%}"
    errors += f" | {part.coverage_80:.0%}" if has_interval else ""
    return f"| {name} | {part.rows} | {errors} |\n".replace("%", " %")


@cache
def _runs() -> Score:
    return validate(read_runs())


if __name__ == "__main__":
    print("\n".join((table(), campaigns_table(), left_out_table(), pairs_table(), runs_table())), end="")
