"""Contracts of a plan: rented and leased capacity, inference, what is sold, cash and debt by quarter."""

import numpy as np

from lindos.elements import Cell, Chart, Series, Table
from lindos.roadmap import Plan
from lindos.study.roadmap import RoadmapResult

_TOLERANCE = 1e-9


def has_contracts(result: RoadmapResult) -> bool:
    """Tell whether the roadmap states rent, leases, resale, inference or finance.

    Parameters
    ----------
    result
        The plan in the point world.
    """
    plan = result.purchases.plan
    if plan is None:
        return False
    question = plan.question
    terms = (question.rent_limit, question.lease_limit, question.resale, question.demand, question.income)
    return any(term is not None for term in terms)


def contracts_table(result: RoadmapResult) -> tuple[Table, ...]:
    """Tabulate contracts by quarter, those that the roadmap states.

    Parameters
    ----------
    result
        The plan in the point world.
    """
    plan = result.purchases.plan
    if plan is None or not has_contracts(result):
        return ()
    columns = _columns(plan)
    body: list[tuple[Cell, ...]] = [
        (period.name, *(float(values[index]) for _, _, values in columns))
        for index, period in enumerate(plan.question.periods)
    ]
    table = Table(
        name="roadmap.contracts",
        key=True,
        title="Capacity and money by quarter",
        columns=("quarter", *(title for title, _, _ in columns)),
        units=("", *(unit for _, unit, _ in columns)),
        rows=tuple(body),
        note=(
            "H100-equivalents (8-bit dense) and devices in the quarter; cash and debt at its end. Own and rented "
            "capacity, less what is leased, carries inference first."
        ),
    )
    return (table,)


def _columns(plan: Plan) -> list[tuple[str, str, list[float]]]:
    question = plan.question
    listed: list[tuple[str, str, list[float]]] = []
    if question.demand is not None:
        usable = plan.online + plan.rented - plan.leased
        listed.append(("inference", "1", [*map(float, question.demand)]))
        # A solver meets a limit within its tolerance.
        rest = np.where(usable > question.demand * (1.0 + _TOLERANCE), usable - question.demand, 0.0)
        listed.append(("left for training", "1", [*map(float, rest)]))
    if question.rent_limit is not None:
        listed.append(("rented", "1", [*map(float, plan.rented)]))
    if question.lease_limit is not None:
        listed.append(("leased out", "1", [*map(float, plan.leased)]))
    if question.resale is not None:
        listed.append(("devices sold", "1", [*map(float, plan.sold.sum(axis=(0, 1)))]))
    if question.rent_limit is not None or question.income is not None:
        listed.append(("rent and interest", "USD", [*map(float, plan.contract_costs)]))
    if question.lease_limit is not None or question.resale is not None:
        listed.append(("leases and resale", "USD", [*map(float, plan.contract_income)]))
    if question.income is not None:
        listed.append(("cash", "USD", [*map(float, plan.cash)]))
        listed.append(("debt", "USD", [*map(float, plan.debt)]))
    return listed


def contracts_charts(result: RoadmapResult) -> tuple[Chart, ...]:
    """Draw cash and debt, if the roadmap states finance.

    Parameters
    ----------
    result
        The plan in the point world.
    """
    plan = result.purchases.plan
    if plan is None or plan.question.income is None:
        return ()
    ends = tuple(period.end.isoformat() for period in plan.question.periods)
    return (
        Chart(
            name="roadmap.cash",
            title="Cash and debt",
            kind="lines",
            unit="USD",
            series=(
                Series(name="cash", x=ends, y=tuple(map(float, plan.cash))),
                Series(name="debt", x=ends, y=tuple(map(float, plan.debt))),
            ),
            x_title="end of quarter",
        ),
    )
