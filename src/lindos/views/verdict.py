"""The answer to a scenario's own question: one sentence, the numbers that matter, and what binds.

It is made from the figures of sections, so that it says what they say; a figure that a section lacks is left out.
"""

from collections.abc import Iterator, Mapping, Sequence

from lindos.elements import Chart, Figure, Section, Verdict
from lindos.scenario.schema import Scenario
from lindos.study.holdings import stands_at_start
from lindos.units import render
from lindos.views.roadmap_verdict import limits as roadmap_limits
from lindos.views.roadmap_verdict import plan_clause

#: Numbers that stand before all sections, at most.
MOST = 6
#: Clauses of the sentence, at most.
_MOST_CLAUSES = 4
#: Numbers that matter most, by section; the first of every section come first.
_PICKS: Mapping[str, tuple[str, ...]] = {
    "campaign": ("campaign.duration", "campaign.run_cost", "campaign.goodput", "campaign.tokens"),
    "step": ("step.time", "step.mfu", "step.tokens_per_second"),
    "site": ("site.capex.total", "site.power.total", "site.device_cost"),
    "fleet": ("fleet.annual_bill", "fleet.peak_devices", "fleet.price_per_token"),
    "roadmap": (
        "roadmap.required_growth",
        "roadmap.total_demand",
        "roadmap.total_capex",
        "roadmap.probability",
        "roadmap.share_of_supply",
    ),
    "search": ("search.devices",),
    "cluster": ("cluster.h100_equivalents", "cluster.num_devices"),
}
#: Margins of limits: what exceeds the limit, and the limit in words.
_MARGINS = {
    "site.power_margin": "the power limit",
    "site.budget_margin": "the budget",
    "campaign.deadline_margin": "the deadline",
}
#: Names of parts of a step in plain words.
_PLAIN = {
    "matmul": "matrix products",
    "elementwise": "element-wise work",
    "optimizer": "the optimiser",
    "recompute": "recomputation",
    "pipeline bubble": "waiting for the pipeline to fill",
    "pipeline imbalance": "uneven pipeline stages",
}
#: Share of a whole from which a part of it is worth a sentence.
_LARGE = 0.15


def verdict(scenario: Scenario, sections: Sequence[Section]) -> Verdict | None:
    """Answer the scenario's own question from its sections; None if they have no figure and no claim.

    Parameters
    ----------
    scenario
        The question.
    sections
        Sections of the answer.
    """
    figures = {figure.name: figure for section in sections for figure in section.figures}
    clauses = [
        *_search(sections),
        *_site(scenario, figures),
        *_campaign(scenario, figures),
        *_fleet(figures),
        *_roadmap(figures, sections),
        *_claims(sections),
    ][:_MOST_CLAUSES]
    if not clauses:
        clauses = [*_step(figures), *_cluster(figures)]
    if not clauses:
        return None
    sentence = f"{'; '.join(clauses)}."
    fit = _fit(figures)
    sentence = f"{fit}: {sentence}" if fit else sentence[:1].upper() + sentence[1:]
    return Verdict(
        sentence=sentence, figures=_numbers(scenario, sections), limits=tuple(_limits(scenario, figures, sections))
    )


def _text(figure: Figure | None, digits: int = 3) -> str:
    """Write a figure for a sentence; empty if it is unknown."""
    if figure is None or figure.value is None:
        return ""
    amount = (
        f"{render(100 * figure.value, '1', digits)} %" if figure.percent else render(figure.value, figure.unit, digits)
    )
    return f"{'at least ' if figure.bound == 'least' else ''}{amount}"


def _fit(figures: Mapping[str, Figure]) -> str:
    """Say whether all limits hold, if there are some."""
    margins = {name: figures[name].value for name in _MARGINS if name in figures}
    if not margins or any(value is None for value in margins.values()):
        return ""
    missed = [_MARGINS[name] for name, value in margins.items() if value is not None and value < 0]
    return f"It misses {' and '.join(missed)}" if missed else "It fits"


def _search(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        if section.name == "search":
            yield section.summary.rstrip(".")


def _is_apart(scenario: Scenario, figures: Mapping[str, Figure]) -> bool:
    """Tell whether the cluster is all of a target at once, beside a plan that starts from another."""
    roadmap, cluster = scenario.roadmap, scenario.cluster
    if roadmap is None or cluster is None or all(pool.online for pool in cluster.pools or ()):
        return False
    size = figures.get("cluster.h100_equivalents")
    return size is not None and not stands_at_start(roadmap, size.value)


def _site(scenario: Scenario, figures: Mapping[str, Figure]) -> Iterator[str]:
    power, money = _text(figures.get("site.power.total")), _text(figures.get("site.capex.total"))
    devices = _text(figures.get("cluster.num_devices"))
    if power or money:
        would = "would " if _is_apart(scenario, figures) else ""
        parts = [f"{would}draw {power}" if power else "", f"cost {money} to build" if money else ""]
        begin = "built at once from racks of today, " if would else ""
        yield f"{begin}{devices or 'its'} GPUs {' and '.join(part for part in parts if part)}"


def _campaign(scenario: Scenario, figures: Mapping[str, Figure]) -> Iterator[str]:
    goal = scenario.job.goal if scenario.job is not None else None
    if goal is None or "campaign.duration" not in figures:
        return
    duration, cost = _text(figures["campaign.duration"]), _text(figures.get("campaign.run_cost"))
    if not duration:
        yield "training never ends: failures, and what follows them, leave it no time"
        return
    price = f" and costs {cost}" if cost else ""
    if goal.duration is not None:
        goodput = _text(figures.get("campaign.goodput"))
        share = f", of which {goodput} moves training forward" if goodput else ""
        yield f"{duration} of training{' cost ' + cost if cost else ''}{share}"
        return
    wait = _waiting(figures)
    waits = f", {render(100 * wait, '1', 2)} % of it waiting for spare GPUs" if wait >= _LARGE else ""
    aim = f" on {render(goal.tokens, 'token')}" if goal.tokens is not None else ""
    yield f"training{aim} takes {duration}{price}{waits}"


def _waiting(figures: Mapping[str, Figure]) -> float:
    """Compute the share of a run in which it waits for spares."""
    waits, total = (figures.get(f"campaign.time.{name}") for name in ("spare_wait", "total"))
    if waits is None or total is None or waits.value is None or not total.value:
        return 0.0
    return waits.value / total.value


def _fleet(figures: Mapping[str, Figure]) -> Iterator[str]:
    bill, devices = _text(figures.get("fleet.annual_bill")), _text(figures.get("fleet.peak_devices"))
    if bill:
        yield f"serving costs {bill} a year" + (f" on {devices} rented GPUs" if devices else "")


def _roadmap(figures: Mapping[str, Figure], sections: Sequence[Section]) -> Iterator[str]:
    section = next((section for section in sections if section.name == "roadmap"), None)
    if section is None:
        return
    growth = figures.get("roadmap.required_growth")
    spent, built = figures.get("roadmap.total_capex"), figures.get("site.capex.total")
    if growth is not None and growth.value is not None:
        # Where the cluster is all there is to buy, its cost was said.
        is_new = spent is not None and (built is None or spent.value != built.value)
        money = f", and {_text(spent)} for what is bought until then" if is_new and _text(spent) else ""
        yield plan_clause(section, figures, money + _of_budget(figures))
    demand, share = _text(figures.get("roadmap.total_demand")), _text(figures.get("roadmap.share_of_supply"))
    if demand:
        peak = _text(figures.get("roadmap.peak_share_of_supply"))
        most = f"{share} of what is shipped by then, and {peak} of that of the tightest year"
        power, cost = _text(figures.get("roadmap.total_power")), _text(figures.get("roadmap.total_capex"))
        amounts = f", {power} and {cost}" if power and cost else ""
        yield f"{demand} H100-equivalents{amounts} are wanted" + (f": {most}" if share and peak else "")


def _of_budget(figures: Mapping[str, Figure]) -> str:
    """Hold what is bought until a target against the budget; empty if none is stated."""
    share = figures.get("roadmap.over_budget")
    if share is None or share.value is None:
        return ""
    return f", {render(100 * share.value, '1')} % of the budget"


def _claims(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        if section.name == "claims" and section.summary:
            yield section.summary.rstrip(".")


def _step(figures: Mapping[str, Figure]) -> Iterator[str]:
    time, share = _text(figures.get("step.time")), _text(figures.get("step.mfu"))
    if time:
        yield f"a step takes {time}" + (f", at {share} of the peak speed of its GPUs" if share else "")


def _cluster(figures: Mapping[str, Figure]) -> Iterator[str]:
    devices, size = _text(figures.get("cluster.num_devices")), _text(figures.get("cluster.h100_equivalents"))
    if devices:
        yield f"{devices} GPUs are {size} H100-equivalents in 8-bit arithmetic" if size else f"{devices} GPUs"


def _numbers(scenario: Scenario, sections: Sequence[Section]) -> tuple[str, ...]:
    """Pick the numbers that matter: the first of every section, then the second, until there are six."""
    goal = scenario.job.goal if scenario.job is not None else None
    fixed = {"campaign.duration"} if goal is not None and goal.duration is not None else {"campaign.tokens"}
    names = {section.name for section in sections}
    # The step is told by the days that it makes, and beside a roadmap it is an aside; a search is about the step.
    hidden = {"step"} if "roadmap" in names or ("campaign" in names and "search" not in names) else set[str]()
    hidden |= {"cluster"} if len(sections) > 1 else set()
    picks: list[list[str]] = []
    for section in sections:
        values = {figure.name for figure in section.figures if figure.value is not None} - fixed
        listed = () if section.name in hidden else _PICKS.get(section.name, section.headline)
        picks.append([name for name in listed if name in values])
    picks = _without_equals(picks, {figure.name: figure for section in sections for figure in section.figures})
    ranked = [names[rank] for rank in range(MOST) for names in picks if rank < len(names)][:MOST]
    return tuple(name for names in picks for name in names if name in ranked)


def _without_equals(picks: Sequence[Sequence[str]], figures: Mapping[str, Figure]) -> list[list[str]]:
    """Leave out numbers that an earlier section has already."""
    seen: set[tuple[float | None, str]] = set()
    rest = []
    for names in picks:
        new = [name for name in names if (figures[name].value, figures[name].unit) not in seen]
        seen |= {(figures[name].value, figures[name].unit) for name in new}
        rest.append(new)
    return rest


def _limits(scenario: Scenario, figures: Mapping[str, Figure], sections: Sequence[Section]) -> Iterator[str]:
    """Say what binds: missed limits, the plan of years, the largest part of a step, time that failures take.

    A cluster that stands for all of a target at once is an aside: what binds is what binds the plan.
    """
    for name, words in _MARGINS.items():
        margin = figures.get(name)
        if margin is not None and margin.value is not None and margin.value < 0:
            yield f"{words[:1].upper()}{words[1:]}: {render(-margin.value, margin.unit)} too much."
    for section in sections:
        if section.name == "roadmap":
            yield from roadmap_limits(section)
    for section in sections if not _is_apart(scenario, figures) else ():
        for chart in section.charts:
            if chart.name in ("step.time", "site.capex", "site.power"):
                yield from _largest(chart)
    goodput = figures.get("campaign.goodput")
    if goodput is not None and goodput.value is not None and 1 - goodput.value >= _LARGE / 2:
        lost = render(100 * (1 - goodput.value), "1")
        wait, enough = _waiting(figures), figures.get("campaign.spares_enough")
        remedy = ""
        if wait >= _LARGE and enough is not None and enough.value is not None:
            remedy = f", most of it for want of spares: {render(enough.value, '1')} GPUs would be enough"
        yield f"Failures, and what follows them, take {lost} % of the time of the run{remedy}."
    growth, record = figures.get("roadmap.required_growth"), figures.get("roadmap.record_growth")
    rates = [figure.value for figure in (growth, record) if figure is not None and figure.value is not None]
    if len(rates) == 2 and rates[0] > rates[1]:
        pace, fastest = (render(rate, "1") for rate in rates)
        yield f"Growth of {pace} times a year: no site has grown faster than {fastest} times."


def _largest(chart: Chart) -> Iterator[str]:
    """Name the two largest parts of the first bar of a chart."""
    parts = [(series.y[0] or 0.0, series.name) for series in chart.series if series.y]
    total = sum(value for value, _ in parts)
    large = [
        (value / total, name) for value, name in sorted(parts, reverse=True)[:2] if total and value >= _LARGE * total
    ]
    whole = {"step.time": "a step", "site.capex": "the capital cost", "site.power": "the power"}[chart.name]
    if large:
        shares = [f"{render(100 * share, '1', 2)} % is {_plain(name)}" for share, name in large]
        yield f"Of {whole}, {' and '.join(shares)}."


def _plain(part: str) -> str:
    """Write the name of a part in plain words."""
    if part.startswith("exposed "):
        return f"waiting for {part.removeprefix('exposed ')} messages"
    return _PLAIN.get(part, part)
