"""A plan: what is bought when and where, what that draws, delivers and costs."""

from dataclasses import dataclass, replace

import numpy as np

from lindos.roadmap.agreements import agreed_discounts
from lindos.roadmap.assembly import BILLION, GIGAWATT, MILLION, assemble
from lindos.roadmap.expansion import Expansion
from lindos.roadmap.program import Floats, Program, gather
from lindos.roadmap.solver import GAP, LONGEST, Solution, solve

#: Relative gap of the choice of agreements.
_AGREED_GAP = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """The answer to an `Expansion`.

    Parameters
    ----------
    question
        What was asked.
    bought, stock, sold
        Devices by generation, site and period, shape (G, S, T); stock is that at the end of the period.
    energised
        Facility power that is energised at each site at the end of each period in W, shape (S, T).
    built
        Facility power whose blocks are ready in the period in W, shape (S, T).
    online
        H100-equivalents on line at the end of each period, with those that stood there, shape (T,).
    capex, running
        USD of each period, shape (T,).
    rented, leased
        H100-equivalents from and to others, shape (T,).
    cash, debt
        USD at the end of each period, shape (T,); zero where no cash is tracked.
    net_present_cost
        Capital and running costs in USD of the first day.
    bound
        Least objective that any plan could have, in USD, and ``objective`` that of this one: with the worth of what
        is missing before the date, or less that of what is delivered.
    objective
        See above.
    gap
        Relative difference between the two at which the search ended.
    """

    question: Expansion
    bought: Floats
    stock: Floats
    sold: Floats
    energised: Floats
    built: Floats
    online: Floats
    capex: Floats
    running: Floats
    rented: Floats
    leased: Floats
    cash: Floats
    debt: Floats
    net_present_cost: float
    objective: float
    bound: float
    gap: float

    @property
    def discounts(self) -> Floats:
        """Discount on each generation under the agreements that are made, shape (G,)."""
        return agreed_discounts(self.question)

    @property
    def interest(self) -> Floats:
        """Interest on the debt of the period before in USD, shape (T,)."""
        owed = np.concatenate(([0.0], self.debt[:-1]))
        return self.question.interest * self.question.durations * owed

    @property
    def contract_costs(self) -> Floats:
        """Rent and interest in USD, shape (T,)."""
        prices = self.question.rent_price
        if prices is None:
            return self.interest
        costs: Floats = self.interest + self.rented * prices * self.question.durations
        return costs

    @property
    def contract_income(self) -> Floats:
        """What leases and resale bring in USD, shape (T,)."""
        question, amounts = self.question, np.zeros(len(self.question.periods))
        if question.lease_price is not None:
            amounts = amounts + self.leased * question.lease_price * question.durations
        if question.resale is not None:
            amounts = amounts + np.einsum("gst,gt->t", self.sold, question.resale)
        return np.maximum(amounts, 0.0)

    @property
    def equivalents_bought(self) -> Floats:
        """H100-equivalents bought in each period, shape (T,)."""
        amounts: Floats = np.einsum("gst,g->t", self.bought, self.question.equivalents)
        return amounts

    @property
    def drawn(self) -> Floats:
        """Facility power of what was bought in W at the end of each period, shape (S, T)."""
        amounts: Floats = np.einsum("gst,gs->st", self.stock, self.question.power)
        return amounts

    @property
    def last_share(self) -> float:
        """Share of all purchases, in H100-equivalents, that falls in the last year; zero if nothing is bought."""
        amounts = self.equivalents_bought
        total = float(amounts.sum())
        return float(amounts[self.question.last_year].sum()) / total if total > 0 else 0.0

    @property
    def delivered(self) -> float:
        """H100-equivalent-years that can be used until the last day."""
        return float(np.sum((self.online + self.rented - self.leased) * self.question.durations))


def make_plan(
    question: Expansion, *, is_whole: bool = True, gap: float = GAP, longest: float = LONGEST
) -> tuple[Plan | None, Solution, Program]:
    """Find the best plan.

    Parameters
    ----------
    question
        What can be bought, and what is to be reached.
    is_whole
        Whether purchases are whole lots and power comes in whole blocks.
    gap
        Relative gap to the best bound that ends the search for whole lots.
    longest
        Time after which it ends anyway, in s.

    Returns
    -------
    Plan or None
        None where the question has no plan.
    Solution
        That of the program without whole numbers, with the prices of its limits.
    Program
        That program.
    """
    question, relaxed, smooth = _decided(question)
    if not smooth.is_optimal:
        return None, smooth, relaxed
    if not is_whole:
        return plan_of(question, relaxed, smooth), smooth, relaxed
    program = assemble(question, is_whole=True)
    solution = solve(program, gap=gap, longest=longest)
    if not solution.is_optimal:
        return None, solution, relaxed
    return plan_of(question, program, solution, bound=smooth.objective), smooth, relaxed


def _decided(question: Expansion) -> tuple[Expansion, Program, Solution]:
    """Decide which agreements are made while lots may still be split, then solve the program under these."""
    relaxed = assemble(question)
    smooth = solve(relaxed, gap=_AGREED_GAP)
    if not question.agreements or question.agreed is not None or not smooth.is_optimal:
        return question, relaxed, smooth
    settled = replace(question, agreed=np.round(gather(smooth.values, relaxed.columns_of["agreed"])))
    relaxed = assemble(settled)
    return settled, relaxed, solve(relaxed)


def plan_of(question: Expansion, program: Program, solution: Solution, bound: float | None = None) -> Plan:
    """Read a plan from the columns of a solved program.

    Parameters
    ----------
    question
        What was asked.
    program, solution
        Its program, solved.
    bound
        Objective of the program without whole numbers, in its unit.
    """
    columns = program.columns_of

    def read(name: str) -> Floats:
        return gather(solution.values, columns[name]) if name in columns else np.zeros(len(question.periods))

    lot = question.lot[:, None, None]
    bought, stock, sold = (read(name) * lot for name in ("bought", "stock", "sold"))
    blocks, energised = read("blocks"), read("energised") * GIGAWATT
    online = read("online") * MILLION
    capex, running = read("capex") * BILLION, read("running") * BILLION
    if program.is_integer.any():
        # Whole numbers come within the tolerance of the solver: they are rounded, and what follows from them is not.
        bought = np.round(bought / lot) * lot
        blocks = np.where(question.is_block_whole[:, None], np.round(blocks), blocks)
        stock, energised = np.cumsum(bought - sold, axis=2), np.cumsum(blocks * question.block[:, None], axis=1)
        online = np.einsum("gst,g->t", stock, question.equivalents) + question.standing_equivalents
        built = np.einsum("st,s,st->t", blocks, question.block, question.construction)
        capex = np.einsum("gst,gst->t", bought, _paid(question)) + built
    return Plan(
        question=question,
        bought=bought,
        stock=stock,
        sold=sold,
        energised=energised,
        built=blocks * question.block[:, None],
        online=online,
        capex=capex,
        running=running,
        rented=read("rented") * MILLION,
        leased=read("leased") * MILLION,
        cash=read("cash") * BILLION,
        debt=read("debt") * BILLION,
        net_present_cost=float(np.sum(question.discount * (capex + running))),
        objective=solution.objective * BILLION,
        bound=(solution.objective if bound is None else bound) * BILLION,
        gap=solution.gap,
    )


def _paid(question: Expansion) -> Floats:
    """Price of a device after what is agreed, shape (G, S, T)."""
    if question.negotiable is None:
        return question.price
    paid: Floats = question.price - agreed_discounts(question)[:, None, None] * question.negotiable
    return paid
