r"""An engine under a traffic: the greatest rate of requests that it carries within limits on latency.

Requests come at a rate :math:`\lambda`; each has a prompt that takes :math:`p`, and an answer of :math:`n` tokens. The
share :math:`\rho = \lambda p` of the time goes to prompts, so a token takes :math:`t = t_s(B) / (1 - \rho)`, and by
Little's law

.. math:: B = \lambda n t, \qquad \lambda = \frac{B}{n \, t_s(B) + B p}

A prompt waits for those before it in a queue with one server.
"""

from dataclasses import dataclass

from lindos.fleet.capacity import most_sequences
from lindos.fleet.closed_loop import Machine, prompt_time
from lindos.fleet.engine import Batch, Grid, step_time
from lindos.fleet.work import Work
from lindos.formulas.queueing import mean_wait, wait_quantile
from lindos.quantities import Count, Fraction, PerSecond, Seconds, Tokens, namespace

#: Halvings of the interval that contains the batch.
_HALVINGS = 30
#: Standard deviations from the mean to the 99th percentile of a normal law.
_TAIL = 2.326
#: Largest share of the time that prompts may take, so that a burst passes.
_MOST_BUSY = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Requests of one class: lengths, their spread, and how evenly they come."""

    prompt: Tokens  # mean
    answer: Tokens
    cached: Fraction = 0.0  # of the tokens of prompts
    prompt_cv: Count = 1.0  # standard deviation of prompts over their mean
    gap_cv: Count = 1.0  # of the gaps between requests at one engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on latency; the median and the 99th percentile of each."""

    token: Seconds  # between two tokens, median
    token_p99: Seconds
    first: Seconds  # until the first token, median
    first_p99: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """An engine at one rate of requests."""

    rate: PerSecond
    batch: Count  # sequences that are being written, mean
    step: Seconds
    token: Seconds
    token_p99: Seconds
    first: Seconds
    first_p99: Seconds
    busy: Fraction  # share of the time that prompts take
    prompt: Seconds  # time of one prompt
    most: Count  # sequences that memory holds


def load_at(
    work: Work, grid: Grid, machine: Machine, traffic: Traffic, batch: Count, prompt: Seconds | None = None
) -> Load:
    """Estimate an engine whose batch has a given mean.

    Parameters
    ----------
    work
        The model in its formats.
    grid
        How the devices of the engine share it.
    machine
        What the engine runs on.
    traffic
        Lengths of requests, and how they come.
    batch
        Sequences that are being written, mean.
    prompt
        Seconds of one prompt, if the caller has computed them already; they do not depend on the batch.
    """
    xp = namespace(batch, grid.tensor, machine.rates.bandwidth)
    software = machine.software
    context = traffic.prompt + traffic.answer / 2
    step = step_time(
        work, grid, Batch(sequences=batch, context=context), machine.rates, machine.kernels, software
    ).total
    step = step * machine.slower
    prompt = _prompt(work, grid, machine, traffic) if prompt is None else prompt
    rate = batch / (traffic.answer * step + batch * prompt)
    busy = rate * prompt
    token = step / (1 - busy)
    wait = mean_wait(busy, prompt, traffic.prompt_cv, traffic.gap_cv)
    # The prompts that come in the time of an answer are about as many as the batch, give or take its root; in that of
    # a short answer fewer, and some of them are long.
    delay = token - step
    uneven = xp.sqrt((1 + traffic.prompt_cv**2) / (_SHORT * batch))
    token_p99 = step * (1 + _TAIL * _UNEVEN / xp.sqrt(batch + 1.0)) + delay * (1 + _TAIL * uneven)
    least = software.arrival + prompt + step
    longest = prompt * (1 + _TAIL * traffic.prompt_cv)
    most = most_sequences(work, grid, machine.rates.memory, machine.memory_share, context)
    return Load(
        rate=rate,
        batch=batch,
        step=step,
        token=token,
        token_p99=token_p99,
        first=least + wait_quantile(busy, wait, 0.5),
        first_p99=software.arrival + step + xp.maximum(longest, prompt + wait_quantile(busy, wait, 0.99)),
        busy=busy,
        prompt=prompt,
        most=most,
    )


#: A short answer over the mean, the tenth percentile of a spread as wide as its mean.
_SHORT = 0.25
#: Share of a step's time that grows with its batch, where batches vary.
_UNEVEN = 0.5


def _prompt(work: Work, grid: Grid, machine: Machine, traffic: Traffic) -> Seconds:
    """Compute the time of one prompt of the traffic."""
    new = namespace(grid.tensor, machine.rates.bandwidth).maximum(traffic.prompt * (1 - traffic.cached), 1.0)
    return prompt_time(work, grid, machine, new, new, traffic.prompt * traffic.cached) * machine.slower


def keeps(load: Load, limits: Limits) -> Fraction:
    """Tell whether an engine keeps the limits and its memory holds its batch with room for its spread; 1 or 0.

    Parameters
    ----------
    load
        The engine at a rate.
    limits
        Limits on latency.
    """
    xp = namespace(load.token, load.batch, load.most)
    holds = load.batch + _TAIL * xp.sqrt(load.batch) <= load.most
    good: Fraction = xp.where(
        holds
        & (load.busy <= _MOST_BUSY)
        & (load.token <= limits.token)
        & (load.token_p99 <= limits.token_p99)
        & (load.first <= limits.first)
        & (load.first_p99 <= limits.first_p99),
        1.0,
        0.0,
    )
    return good


def busiest(work: Work, grid: Grid, machine: Machine, traffic: Traffic, limits: Limits) -> tuple[Load, Fraction]:
    """Find the greatest load that an engine carries within limits; all grids of an array at once.

    Parameters
    ----------
    work
        The model in its formats.
    grid
        How the devices of the engine share it.
    machine
        What the engine runs on.
    traffic
        Lengths of requests, and how they come.
    limits
        Limits on latency.

    Returns
    -------
    load : Load
        The engine at that load.
    serves : Fraction
        1 where it keeps the limits with a batch of one, else 0.
    """
    xp = namespace(grid.tensor, machine.rates.bandwidth, traffic.prompt)
    context = traffic.prompt + traffic.answer / 2
    most = most_sequences(work, grid, machine.rates.memory, machine.memory_share, context)
    low = 0.0 * (most + machine.rates.bandwidth) + xp.log2(_LEAST)
    high = xp.log2(xp.maximum(most, 1.0)) + 0.0 * low
    prompt = _prompt(work, grid, machine, traffic)
    serves = keeps(load_at(work, grid, machine, traffic, 2.0**low, prompt), limits)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        good = keeps(load_at(work, grid, machine, traffic, 2.0**middle, prompt), limits) > 0
        low, high = xp.where(good, middle, low), xp.where(good, high, middle)
    return load_at(work, grid, machine, traffic, 2.0**low, prompt), serves


#: An engine that writes for one user a hundredth of its time is as good as idle.
_LEAST = 0.01


def binding(load: Load, limits: Limits) -> str:
    """Name what an engine at its greatest load comes closest to.

    Parameters
    ----------
    load
        The engine at its greatest load; plain numbers.
    limits
        Limits on latency.
    """
    shares = {
        "memory for caches": float((load.batch + _TAIL * load.batch**0.5) / max(float(load.most), 1e-9)),
        "the share of the time that prompts take": float(load.busy / _MOST_BUSY),
        "the median time of a token": float(load.token / limits.token),
        "the 99th percentile of the time of a token": float(load.token_p99 / limits.token_p99),
        "the median time to the first token": float(load.first / limits.first),
        "the 99th percentile of the time to the first token": float(load.first_p99 / limits.first_p99),
    }
    return max(shares, key=lambda name: shares[name])
