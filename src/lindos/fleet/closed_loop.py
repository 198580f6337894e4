r"""A benchmark's closed loop: so many requests are in flight, and each that ends is followed by another.

In a cycle of one request every other request is read once. Reading delays the sequences that are being written, so that
a token takes the time of a step and its share of the prompts:

.. math:: t = t_s(B) + \varphi \, (C - 1) \, p / n

for :math:`C` requests in flight, prompts that take :math:`p` and answers of :math:`n` tokens. Where prompts are read by
engines of their own, writers are delayed by none, and the slower side limits how many are being written.
"""

from dataclasses import dataclass

from lindos.fleet.capacity import most_sequences
from lindos.fleet.engine import Batch, Grid, step_time
from lindos.fleet.rates import Kernels, Rates, Software
from lindos.fleet.work import Work
from lindos.quantities import Count, Fraction, Seconds, Tokens, TokensPerSecond, namespace

#: Tokens of prompts in one step, the default of serving software.
CHUNK = 8192.0
#: Rounds in which the batch and the time of a token settle.
_ROUNDS = 4
#: A benchmark sends ten times as many requests as are in flight; those of the first round arrive at once.
_FIRST_ROUND = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Engines of a deployment: those that write, and those that read prompts where the two are apart."""

    grid: Grid
    engines: Count  # that write, or do both
    prompt_grid: Grid  # the same as grid where engines do both
    prompt_engines: Count
    apart: Fraction  # 1 where prompts are read by engines of their own, else 0

    @property
    def size(self) -> Count:
        """Devices of the deployment."""
        return self.grid.size * self.engines + self.apart * self.prompt_grid.size * self.prompt_engines


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """What a client in a closed loop measures."""

    token: Seconds  # between two tokens of a request, mean
    first: Seconds  # until the first token, median
    first_mean: Seconds  # the same, mean with the requests of the start
    throughput: TokensPerSecond  # tokens written, all devices
    sequences: Count  # being written at one time, all engines
    most: Count  # that memory holds, all engines


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What an engine runs on: rates of a device, shapes of kernels, software, how much memory it may use."""

    rates: Rates
    kernels: Kernels
    software: Software
    memory_share: Fraction
    slower: Fraction = 1.0  # measured over predicted times; a range, by runs that no fit had seen


def prompt_time(
    work: Work, grid: Grid, machine: Machine, prompt: Tokens, together: Tokens, cached: Tokens = 0.0
) -> Seconds:
    """Compute the time that one prompt adds to an engine.

    Parameters
    ----------
    work
        The model in its formats.
    grid
        How the devices of the engine share it.
    machine
        What the engine runs on.
    prompt
        Tokens of the prompt that are not cached.
    together
        Tokens of prompts that wait together; a step reads at most `CHUNK` of them.
    cached
        Tokens of the prompt that the cache holds, which its other tokens see.
    """
    xp = namespace(prompt, together, grid.tensor)
    tokens = xp.minimum(xp.maximum(together, prompt), CHUNK)
    # Tokens of one prompt see half of it in the mean, in however many chunks it is read.
    batch = Batch(sequences=0.0 * tokens, context=1.0 + 0.0 * tokens, prompt=tokens, prefix=cached + prompt / 2)
    time = step_time(work, grid, batch, machine.rates, machine.kernels, machine.software)
    added = time.total - machine.software.step  # the step itself is there for those that write
    share: Seconds = added * machine.software.prompt * prompt / tokens
    return share


def closed_loop(
    work: Work,
    setup: Setup,
    machine: Machine,
    *,
    in_flight: Count,
    prompt: Tokens,
    answer: Tokens,
    cached: Fraction = 0.0,
) -> Loop:
    """Estimate what a client with a fixed number of requests in flight measures.

    Parameters
    ----------
    work
        The model in its formats.
    setup
        Engines of the deployment.
    machine
        What they run on.
    in_flight
        Requests in flight, over all engines.
    prompt, answer
        Mean tokens of a prompt and of an answer.
    cached
        Share of the tokens of prompts that the cache holds.

    Returns
    -------
    Loop
        For each configuration, where arguments are arrays.
    """
    xp = namespace(in_flight, prompt, answer, setup.engines, setup.grid.tensor)
    rates, share = machine.rates, machine.memory_share
    # Sequences are spread over all stages of their life; blocks are taken as they grow.
    context = prompt + answer / 2
    most = xp.maximum(most_sequences(work, setup.grid, rates.memory, share, context), 1.0)
    resident = xp.minimum(in_flight / setup.engines, most)
    prefix, new = prompt * cached, xp.maximum(prompt * (1 - cached), 1.0)
    mixed = prompt_time(work, setup.grid, machine, new, new * resident, prefix)
    read = prompt_time(work, setup.prompt_grid, machine, new, new * in_flight / setup.prompt_engines, prefix)
    of_prompts = xp.where(setup.apart > 0, read, mixed)
    delay = xp.where(
        setup.apart > 0, 0.0, machine.software.interference * xp.maximum(resident - 1, 0.0) * mixed / answer
    )
    batch = resident
    for _ in range(_ROUNDS):
        step = step_time(
            work, setup.grid, Batch(sequences=batch, context=context), rates, machine.kernels, machine.software
        ).total
        token = step + delay
        writing = answer * token
        # Apart: as many are being written as the readers let through, and no more than are not being read.
        let_through = setup.prompt_engines * writing / xp.maximum(read, 1e-12)
        apart = xp.minimum(xp.minimum(let_through, in_flight * writing / (writing + read)) / setup.engines, most)
        batch = xp.where(setup.apart > 0, xp.maximum(apart, xp.minimum(1.0, resident)), resident)
    engines = xp.where(setup.apart > 0, setup.prompt_engines, setup.engines)
    return _loop(setup, machine.software, in_flight, answer, batch, most, token, of_prompts, engines)


def _loop(
    setup: Setup,
    software: Software,
    in_flight: Count,
    answer: Tokens,
    batch: Count,
    most: Count,
    token: Seconds,
    prompt: Seconds,
    readers: Count,
) -> Loop:
    xp = namespace(in_flight, answer, batch, token, prompt)
    writing = answer * token
    rivals = xp.maximum(in_flight / readers - 1, 0.0)
    cycle = writing + prompt
    busy = xp.minimum(rivals * prompt / cycle, 1.0)
    # Prompts that arrive while others are read wait for them; in the mean for half of those in a cycle.
    waiting = software.waiting * busy * xp.minimum(rivals, busy / xp.maximum(1 - busy, 1e-3)) * prompt / 2
    # What memory does not hold waits for a place.
    queued = xp.maximum(in_flight - batch * setup.engines, 0.0)
    full = xp.where(in_flight > most * setup.engines, queued / (setup.engines * batch) * cycle, 0.0)
    # Where readers limit the flow, all that are not being written wait for them.
    limited = xp.where(setup.apart > 0, xp.maximum(in_flight - batch * setup.engines, 0.0) * prompt / readers, 0.0)
    first = software.arrival + prompt + xp.maximum(xp.maximum(waiting, limited - prompt), full)
    burst = xp.maximum(rivals, 0.0) * prompt / 2
    mean = first + _FIRST_ROUND * xp.maximum(burst - (first - prompt), 0.0)
    throughput = in_flight * answer / (first + writing)
    return Loop(
        token=token,
        first=first,
        first_mean=mean,
        throughput=throughput,
        sequences=batch * setup.engines,
        most=most * setup.engines,
    )


def offline(
    work: Work,
    setup: Setup,
    machine: Machine,
    *,
    prompt: Tokens,
    answer: Tokens,
    most: Count,
    cached: Fraction = 0.0,
) -> Loop:
    """Estimate the greatest throughput: all requests are there, and the engine is as full as it may be.

    Parameters
    ----------
    work
        The model in its formats.
    setup
        Engines of the deployment.
    machine
        What they run on.
    prompt, answer
        Mean tokens of a prompt and of an answer.
    most
        Most sequences of one group of an engine, a setting of the software.
    cached
        Share of the tokens of prompts that the cache holds.
    """
    xp = namespace(prompt, answer, most, setup.grid.tensor)
    # Sequences are spread over all stages of their life, and need half of their answer's cache in the mean.
    half = prompt + answer / 2
    resident = most_sequences(work, setup.grid, machine.rates.memory, machine.memory_share, half)
    batch = xp.maximum(xp.minimum(resident, most * setup.grid.data), 1.0)
    step = step_time(
        work, setup.grid, Batch(sequences=batch, context=half), machine.rates, machine.kernels, machine.software
    ).total
    prefix, new = prompt * cached, xp.maximum(prompt * (1 - cached), 1.0)
    read = prompt_time(work, setup.grid, machine, new, new * batch, prefix)
    cycle = answer * step + batch * read
    return Loop(
        token=cycle / answer,
        first=read + 0.0 * cycle,
        first_mean=cycle,
        throughput=setup.engines * batch * answer / cycle,
        sequences=batch * setup.engines,
        most=resident * setup.engines,
    )
