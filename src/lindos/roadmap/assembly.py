"""A capacity expansion as a linear program.

Units inside the program: lots, millions of H100-equivalents, GW and billions of dollars, so that numbers are of the
order of one.
"""

from typing import TypeVar

import numpy as np

from lindos.roadmap.agreements import add_agreements
from lindos.roadmap.expansion import Expansion, check
from lindos.roadmap.program import INFINITY, Builder, Floats, Indices, Program

#: One unit of the program in SI.
MILLION = 1e6
GIGAWATT = 1e9
BILLION = 1e9


def assemble(question: Expansion, *, is_whole: bool = False) -> Program:
    """Write a question as a program.

    Parameters
    ----------
    question
        The question.
    is_whole
        Whether purchases are whole lots and power whole blocks. Agreements that are not decided are whole anyway.

    Returns
    -------
    Program
        Columns ``bought``, ``stock``, ``sold``, ``blocks``, ``energised``, ``online``, ``capex``, ``running``,
        ``missing``, and those of rent, leases, cash and debt where the question has them.
    """
    check(question)
    builder = Builder()
    _, num_sites, num_periods = question.price.shape
    allowed = np.broadcast_to(question.is_allowed[:, None, :], question.price.shape)
    stocked = np.logical_or.accumulate(allowed, axis=2)
    bought = builder.columns("bought", allowed, is_integer=is_whole)
    stock = builder.columns("stock", stocked)
    resold = stocked if question.resale is not None or question.life < num_periods else np.zeros_like(stocked)
    sold = builder.columns("sold", resold, is_integer=is_whole and question.resale is not None)
    every_place = np.ones((num_sites, num_periods), bool)
    blocks = builder.columns("blocks", every_place, is_integer=is_whole & question.is_block_whole[:, None])
    energised = builder.columns("energised", every_place, upper=question.queue / GIGAWATT)
    flags = np.ones(num_periods, bool)
    online = builder.columns("online", flags)
    capex = builder.columns("capex", flags, cost=question.discount)
    running = builder.columns("running", flags, cost=question.discount, lower=-INFINITY)
    rented, leased = _contracts(builder, question)
    _devices(builder, question, (bought, stock, sold))
    _power(builder, question, stock, blocks, energised)
    lot_equivalents = question.equivalents * question.lot / MILLION
    builder.rows(
        "online",
        flags,
        (online, 1.0),
        (_summed(stock), _summed(np.broadcast_to(-lot_equivalents[:, None, None], stock.shape))),
        lower=question.standing_equivalents / MILLION,
        upper=question.standing_equivalents / MILLION,
    )
    _money(builder, question, (bought, stock, sold, blocks, capex, running, rented, leased))
    _targets(builder, question, (bought, online, rented, leased, stock))
    return builder.program()


Cells = TypeVar("Cells", Indices, Floats)


def _summed(cells: Cells) -> Cells:
    """Turn (G, S, T) into (T, G * S): the sum over generations and sites of each period."""
    return np.moveaxis(cells, -1, 0).reshape(cells.shape[-1], -1)


def _shifted(cells: Indices) -> Indices:
    """Return the cells of the period before; none before the first."""
    earlier_cells = np.full_like(cells, -1)
    earlier_cells[..., 1:] = cells[..., :-1]
    return earlier_cells


def _contracts(builder: Builder, question: Expansion) -> tuple[Indices, Indices]:
    """Add capacity that is rented, and own capacity that is leased to others."""
    num_periods = len(question.periods)
    limits = (question.rent_limit, question.lease_limit)
    names = ("rented", "leased")
    rented, leased = (
        builder.columns(name, np.zeros(num_periods, bool))
        if limit is None
        else builder.columns(name, limit > 0.0, upper=limit / MILLION)
        for name, limit in zip(names, limits, strict=True)
    )
    return rented, leased


def _devices(builder: Builder, question: Expansion, columns: tuple[Indices, Indices, Indices]) -> None:
    """Add supply, the balance of devices, and the end of their life."""
    bought, stock, sold = columns
    exists = stock >= 0
    builder.rows(
        "supply",
        question.is_allowed,
        (np.moveaxis(bought, 1, 2), 1.0),
        lower=-INFINITY,
        upper=question.supply / question.lot[:, None],
    )
    builder.rows(
        *("devices", exists, (stock, 1.0), (_shifted(stock), -1.0), (bought, -1.0), (sold, 1.0)), lower=0.0, upper=0.0
    )
    num_periods = len(question.periods)
    if question.life >= num_periods:
        return
    # What works was bought within a life: the oldest devices retire first.
    aged = exists & (np.arange(num_periods) >= question.life)
    back = np.arange(question.life)
    periods = np.arange(num_periods)[:, None] - back[None, :]
    window = np.where(periods >= 0, bought[..., np.maximum(periods, 0)], -1)
    builder.rows("life", aged, (stock, 1.0), (window, -1.0), lower=-INFINITY, upper=0.0)


def _power(builder: Builder, question: Expansion, stock: Indices, blocks: Indices, energised: Indices) -> None:
    """Add what is energised, block by block, and what the devices of a site draw of it."""
    flags = np.ones(blocks.shape, bool)
    builder.rows(
        "energy_blocks",
        flags,
        *((energised, 1.0), (_shifted(energised), -1.0), (blocks, -question.block[:, None] / GIGAWATT)),
        lower=0.0,
        upper=0.0,
    )
    drawn = question.power * question.lot[:, None] / GIGAWATT
    by_site = np.moveaxis(stock, 0, 2)
    weights = np.broadcast_to(np.moveaxis(drawn[:, :, None], 0, 2), by_site.shape)
    builder.rows("power", flags, (by_site, weights), (energised, -1.0), lower=-INFINITY, upper=0.0)


def _money(builder: Builder, question: Expansion, columns: tuple[Indices, ...]) -> None:
    """Add what each period spends, the budgets, and cash and debt where the question has them."""
    bought, stock, sold, blocks, capex, running, rented, leased = columns
    flags = np.ones(len(question.periods), bool)
    lot, years = question.lot[:, None, None], question.durations
    built = (question.construction * question.block[:, None]).T / BILLION
    rebates = add_agreements(builder, question, bought) if question.agreements else np.zeros((0, len(flags)), np.int64)
    builder.rows(
        "capex",
        flags,
        (capex, 1.0),
        (_summed(bought), _summed(-question.price * lot / BILLION)),
        (blocks.T, -built),
        (rebates.T, 1.0),
        lower=0.0,
        upper=0.0,
    )
    # What works at the end of a period has run for it; a lot that arrives within it counts for half.
    yearly = question.running[:, :, None] * lot * years / BILLION
    income = np.zeros(question.supply.shape) if question.resale is None else question.resale
    builder.rows(
        "running",
        flags,
        (running, 1.0),
        (_summed(stock), _summed(-yearly)),
        (_summed(bought), _summed(0.5 * yearly)),
        (_summed(sold), _summed(np.broadcast_to(income[:, None, :] * lot / BILLION, sold.shape))),
        (rented, 0.0 if question.rent_price is None else -question.rent_price * years * MILLION / BILLION),
        (leased, 0.0 if question.lease_price is None else question.lease_price * years * MILLION / BILLION),
        lower=0.0,
        upper=0.0,
    )
    if np.isfinite(question.budget):
        builder.rows(
            *("budget", np.ones(1, bool), (capex[None, :], 1.0)), lower=-INFINITY, upper=question.budget / BILLION
        )
    if question.yearly_budgets:
        times = np.arange(len(question.periods))
        masks = np.array([(times >= first) & (times < last) for first, last, _ in question.yearly_budgets])
        limits = np.array([limit for _, _, limit in question.yearly_budgets]) / BILLION
        spent = np.where(masks, capex[None, :], -1)
        builder.rows("yearly_budgets", np.ones(len(limits), bool), (spent, 1.0), lower=-INFINITY, upper=limits)
    if question.income is not None:
        _cash(builder, question, capex, running)


def _cash(builder: Builder, question: Expansion, capex: Indices, running: Indices) -> None:
    """Add the balance of cash: income and new debt come in, spending, interest and repayment go out."""
    assert question.income is not None
    flags = np.ones(len(question.periods), bool)
    limit = 0.0 if question.debt_limit is None else question.debt_limit / BILLION
    cash = builder.columns("cash", flags)
    # Only interest costs: what is borrowed and paid back is no cost of the plan, and idle cash is no gain.
    # Interest falls due a period later, and that of the last period on the last day.
    due = np.zeros(len(flags))
    due[-1] = question.discount[-1] * question.interest * question.durations[-1]
    debt = builder.columns("debt", flags, cost=due, upper=limit)
    paid = builder.columns("interest", flags, cost=question.discount)
    owed = -question.interest * question.durations
    builder.rows("interest", flags, (paid, 1.0), (_shifted(debt), owed), lower=0.0, upper=0.0)
    builder.rows(
        "cash",
        flags,
        *((cash, 1.0), (_shifted(cash), -1.0), (debt, -1.0), (_shifted(debt), 1.0)),
        *((capex, 1.0), (running, 1.0), (paid, 1.0)),
        lower=question.income / BILLION,
        upper=question.income / BILLION,
    )


def _targets(builder: Builder, question: Expansion, columns: tuple[Indices, ...]) -> None:
    """Add what is to be reached, what it is worth before, and how late purchases may come."""
    bought, online, rented, leased, stock = columns
    flags, single = np.ones(len(question.periods), bool), np.ones(1, bool)
    years = question.durations
    usable = ((online, 1.0), (rented, 1.0), (leased, -1.0))
    if question.demand is not None:
        builder.rows("demand", flags, *usable, lower=question.demand / MILLION, upper=INFINITY)
    if question.target_equivalents is not None:
        wanted = question.target_equivalents / MILLION
        builder.rows("target", single, (online[-1:], 1.0), lower=wanted, upper=INFINITY)
        worth = question.discount * question.missing_value * years * MILLION / BILLION
        missing = builder.columns("missing", worth > 0.0, cost=worth)
        builder.rows("missing", worth > 0.0, (missing, 1.0), *usable, lower=wanted, upper=INFINITY)
    if question.target_power is not None:
        weights = np.broadcast_to((question.power * question.lot[:, None])[:, :, None], stock.shape) / GIGAWATT
        rest = (question.target_power - question.standing_power[-1:]) / GIGAWATT
        builder.rows(
            *("target_power", single, (_summed(stock)[-1:], _summed(weights)[-1:])), lower=rest, upper=INFINITY
        )
    if question.target_flop is not None:
        occupied = 0.0 if question.demand is None else float(np.sum(question.demand * years))
        needed = (question.target_flop + occupied) / MILLION
        terms = tuple((cells[None, :], factor * years[None, :]) for cells, factor in usable)
        builder.rows("target_flop", single, *terms, lower=needed, upper=INFINITY)
    if question.reward is not None:
        _reward(builder, question, usable)
    if question.last_share < 1.0:
        late = np.where(question.last_year, 1.0, 0.0)
        weights = (question.equivalents * question.lot / MILLION)[:, None, None] * (late - question.last_share)
        builder.rows(
            *("last_year", single, (bought.reshape(1, -1), np.broadcast_to(weights, bought.shape).reshape(1, -1))),
            lower=-INFINITY,
            upper=0.0,
        )


def _reward(builder: Builder, question: Expansion, usable: tuple[tuple[Indices, float], ...]) -> None:
    """Add the worth of what is delivered, as a negative cost."""
    assert question.reward is not None
    flags = np.ones(len(question.periods), bool)
    worth = question.discount * question.reward * question.durations * MILLION / BILLION
    delivered = builder.columns("delivered", flags, cost=-worth, lower=-INFINITY)
    terms = tuple((cells, -factor) for cells, factor in usable)
    builder.rows("delivered", flags, (delivered, 1.0), *terms, lower=0.0, upper=0.0)
