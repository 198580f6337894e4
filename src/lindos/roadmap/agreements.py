"""Agreements on price: who commits to a number of devices pays less for all of them."""

from dataclasses import replace

import numpy as np

from lindos.roadmap.expansion import Expansion
from lindos.roadmap.program import INFINITY, Builder, Floats, Indices

_BILLION = 1e9


def agreed_discounts(question: Expansion) -> Floats:
    """Get the discount on each generation under the agreements that a question has decided, shape (G,).

    Parameters
    ----------
    question
        The question; without decided agreements nothing is discounted.
    """
    shares = np.zeros(len(question.generations))
    if question.agreed is not None:
        for agreement, counts in zip(question.agreements, question.agreed, strict=True):
            shares += np.where(agreement.generations, agreement.discount * counts, 0.0)
    return shares


def without_commitments(question: Expansion) -> Expansion:
    """Return a question whose agreements hold whatever is delivered: a supplier who lacks devices keeps the price.

    Parameters
    ----------
    question
        The question.
    """
    return replace(question, agreements=tuple(replace(agreement, devices=0.0) for agreement in question.agreements))


def add_agreements(builder: Builder, question: Expansion, bought: Indices) -> Indices:
    """Add which agreements are made, what they commit to, and what they take off the price of each period.

    Parameters
    ----------
    builder
        Program that is written.
    question
        The question, with agreements.
    bought
        Columns of lots, shape (G, S, T).

    Returns
    -------
    ndarray
        Columns of what is taken off in billions of USD, shape (A, T).
    """
    assert question.negotiable is not None
    count, num_periods = len(question.agreements), len(question.periods)
    masks = np.array([agreement.generations for agreement in question.agreements])
    discounts = np.array([agreement.discount for agreement in question.agreements])
    least = np.array([agreement.devices for agreement in question.agreements])
    made = builder.columns(
        "agreed",
        np.ones(count, bool),
        lower=0.0 if question.agreed is None else question.agreed,
        upper=1.0 if question.agreed is None else question.agreed,
        is_integer=question.agreed is None,
    )
    rebates = builder.columns("rebates", np.ones((count, num_periods), bool))
    # Commitments count in thousands of devices, so that the numbers of the program are of the order of one.
    covered = np.where(masks[:, :, None, None], bought[None], -1).reshape(count, -1)
    amounts = np.broadcast_to(question.lot[:, None, None] / 1e3, bought.shape).reshape(1, -1)
    builder.rows(
        "commitments",
        np.ones(count, bool),
        (covered, np.broadcast_to(amounts, covered.shape)),
        (made, -least / 1e3),
        lower=0.0,
        upper=INFINITY,
    )
    saved = discounts[:, None, None, None] * (question.negotiable * question.lot[:, None, None] / _BILLION)[None]
    by_period = np.moveaxis(np.where(masks[:, :, None, None], bought[None], -1), -1, 1).reshape(count, num_periods, -1)
    savings = np.moveaxis(saved, -1, 1).reshape(count, num_periods, -1)
    flags = np.ones((count, num_periods), bool)
    builder.rows("rebates", flags, (rebates, 1.0), (by_period, -savings), lower=-INFINITY, upper=0.0)
    most = discounts[:, None] * (masks.astype(float) @ (question.negotiable.max(axis=1) * question.supply)) / _BILLION
    cells = np.broadcast_to(made[:, None], flags.shape)
    builder.rows("agreed", flags, (rebates, 1.0), (cells, -most), lower=-INFINITY, upper=0.0)
    # A device is bought under one agreement at most.
    shared = np.where(masks.T, made[None, :], -1)
    builder.rows("single", masks.any(axis=0), (shared, 1.0), lower=-INFINITY, upper=1.0)
    return rebates
