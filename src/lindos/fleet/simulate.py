"""Discrete-event simulation of engines that batch continuously: the scheduler request by request.

An engine admits requests in order while its memory has blocks for their prompts, reads prompts in chunks beside the
sequences that it writes, writes one token of each sequence a step, and puts the youngest back, to be read again, when
blocks run out. Between two events every step is alike, so the clock jumps from event to event.
"""

import heapq
from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lindos.fleet.capacity import BLOCK, cache_per_sequence, room
from lindos.fleet.closed_loop import CHUNK, Machine, prompt_time
from lindos.fleet.engine import Batch, Grid, step_time
from lindos.fleet.work import Work

Array: TypeAlias = NDArray[np.float64]
#: Most sequences of an engine at one time, vLLM's default for a server.
MOST_SEQUENCES = 1024


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests in the order of their arrival: times in seconds, lengths in tokens."""

    arrival: Array
    prompt: Array  # that are read: what the cache holds is left out
    answer: Array
    cached: Array

    def __len__(self) -> int:
        """Count the requests."""
        return len(self.arrival)

    def take(self, chosen: NDArray[np.intp]) -> "Requests":
        """Select requests."""
        return Requests(self.arrival[chosen], self.prompt[chosen], self.answer[chosen], self.cached[chosen])


@dataclass(frozen=True, slots=True)
class Pace:
    """How long an engine takes: tables that make one event cheap."""

    step: Array  # seconds of a step by its number of sequences, with short caches
    per_token: float  # more for each token in the caches
    prompt: float  # of one token of a prompt beside those that write
    chunk: float  # tokens of prompts in one step
    blocks: float  # of the cache
    arrival: float  # until a request is scheduled

    @property
    def most(self) -> int:
        """Most sequences at one time."""
        return len(self.step) - 1


@dataclass(frozen=True, slots=True)
class Served:
    """What each request saw, in seconds, in the order of the requests."""

    first: Array  # until its first token
    token: Array  # between two further tokens, mean
    end: Array  # when its last token came
    preempted: int  # requests that were put back
    in_system: float  # mean number of requests, waiting or running

    def quantile(self, name: str, share: float) -> float:
        """Get a quantile of ``first`` or ``token``."""
        return float(np.quantile(getattr(self, name), share))


def pace_of(work: Work, grid: Grid, machine: Machine, prompt: float, context: float) -> Pace:
    """Tabulate the time of steps of an engine.

    Parameters
    ----------
    work
        The model in its formats.
    grid
        How the devices of the engine share it; plain numbers.
    machine
        What the engine runs on; plain numbers.
    prompt
        Mean tokens of a prompt, by which its attention is timed.
    context
        Mean tokens of a sequence, about which the time of caches is taken as even.
    """
    sequences = np.arange(1.0, MOST_SEQUENCES + 1.0)

    def times(tokens: float) -> Array:
        batch = Batch(sequences=sequences, context=tokens)
        return np.asarray(step_time(work, grid, batch, machine.rates, machine.kernels, machine.software).total)

    at_context = times(context)
    middle = min(64, MOST_SEQUENCES) - 1
    slope = float((at_context[middle] - times(context / 2)[middle]) / (sequences[middle] * context / 2))
    base = np.maximum(at_context - slope * sequences * context, 1e-6)
    new = np.array([max(prompt, 1.0)])
    read = float(np.asarray(prompt_time(work, grid, machine, new, new))[0])
    memory = float(np.asarray(room(work, grid, machine.rates.memory, machine.memory_share)))
    blocks = memory * float(grid.data) / float(np.asarray(cache_per_sequence(work, grid, float(BLOCK))))
    return Pace(
        step=np.concatenate([[0.0], base]),
        per_token=max(slope, 0.0),
        prompt=read / max(prompt, 1.0),
        chunk=CHUNK,
        blocks=max(blocks, 0.0),
        arrival=float(machine.software.arrival),
    )


def simulate(pace: Pace, requests: Requests, engines: int = 1) -> Served:
    """Simulate engines that take requests in turn.

    Parameters
    ----------
    pace
        How long an engine takes.
    requests
        Requests of all engines.
    engines
        Engines, each with the next request in turn.

    Returns
    -------
    Served
        What every request saw.

    Raises
    ------
    ValueError
        If a request needs more blocks than an engine has.
    """
    needed = np.ceil((requests.prompt + requests.cached + requests.answer) / BLOCK)
    if len(requests) and float(needed.max()) > pace.blocks:
        raise ValueError("a request needs more blocks of cache than an engine has")
    first, end = np.zeros(len(requests)), np.zeros(len(requests))
    preempted = 0
    for engine in range(engines):
        chosen = np.arange(engine, len(requests), engines)
        part_first, part_end, put_back = _engine(pace, requests.take(chosen))
        first[chosen], end[chosen] = part_first, part_end
        preempted += put_back
    last = np.maximum(requests.answer - 1, 1)
    stay = end - requests.arrival
    span = float(end.max() - requests.arrival.min()) if len(requests) else 1.0
    return Served(
        first=first - requests.arrival + pace.arrival,
        token=(end - first) / last,
        end=end,
        preempted=preempted,
        in_system=float(stay.sum()) / max(span, 1e-12),
    )


class _State:
    """Sequences of one engine. A sequence that is written ends when the count of steps reaches its mark."""

    __slots__ = ("blocks", "clock", "marks", "running", "steps", "tokens")

    def __init__(self, clock: float) -> None:
        self.clock, self.steps, self.running = clock, 0, 0
        self.blocks, self.tokens = 0.0, 0.0
        self.marks: list[tuple[int, int]] = []


def _engine(pace: Pace, requests: Requests) -> tuple[Array, Array, int]:
    """Simulate one engine: when the first and the last token of each request come, and how many were put back."""
    arrival, prompt = requests.arrival.tolist(), requests.prompt.tolist()
    cached, answer = requests.cached.tolist(), np.maximum(requests.answer, 1.0).astype(int).tolist()
    count = len(arrival)
    first, end = np.zeros(count), np.zeros(count)
    stored, written, began = [0.0] * count, [0] * count, [0] * count
    waiting: deque[int] = deque()
    state, upcoming, put_back = _State(arrival[0] if count else 0.0), 0, 0
    step_of, per_token, most, total = pace.step.tolist(), pace.per_token, pace.most, pace.blocks
    while upcoming < count or waiting or state.running:
        if not waiting and not state.running and arrival[upcoming] > state.clock:
            state.clock = arrival[upcoming]
        while upcoming < count and arrival[upcoming] <= state.clock:
            waiting.append(upcoming)
            upcoming += 1
        budget, read = pace.chunk, 0.0
        admitted: list[int] = []
        while waiting and state.running < most:  # admit in order, as much as a step reads
            request = waiting[0]
            context = prompt[request] + cached[request] + written[request]
            if state.blocks + context / BLOCK + 1 > total or (read and prompt[request] + written[request] > budget):
                break
            waiting.popleft()
            read += prompt[request] + written[request]
            budget -= prompt[request] + written[request]
            admitted.append(request)
            stored[request], began[request] = context, state.steps
            state.blocks += context / BLOCK + 0.5
            state.tokens += context
            state.running += 1
            heapq.heappush(state.marks, (state.steps + answer[request] - written[request], request))
        if read:
            time = step_of[state.running] + per_token * state.tokens + pace.prompt * read
            steps = 1
        else:
            steps = max(state.marks[0][0] - state.steps, 1)
            time = step_of[state.running] + per_token * (state.tokens + state.running * steps / 2)
            grown = (total - state.blocks) / (state.running / BLOCK)
            if grown < steps:
                steps = max(int(grown), 1)
            if upcoming < count and not (waiting and state.blocks + BLOCK > total):
                left = arrival[upcoming] - state.clock
                if left < steps * time:
                    steps = max(int(left / time) + 1, 1)
        state.clock += steps * time
        state.steps += steps
        state.tokens += state.running * steps
        state.blocks += state.running * steps / BLOCK
        if read:  # a request that was put back has had its first token already
            first[[request for request in admitted if not written[request]]] = state.clock
        while state.marks and state.marks[0][0] <= state.steps:
            _, request = heapq.heappop(state.marks)
            end[request] = state.clock
            _leave(state, stored[request] + state.steps - began[request])
        while state.blocks > total and state.running > 1:
            waiting.appendleft(_put_back(state, began, written, stored))
            put_back += 1
    return first, end, put_back


def _put_back(state: _State, began: list[int], written: list[int], stored: list[float]) -> int:
    """Take the youngest sequence out, to be read again with what it has written."""
    mark = max(state.marks, key=lambda pair: began[pair[1]])
    request = mark[1]
    state.marks.remove(mark)
    heapq.heapify(state.marks)
    written[request] += state.steps - began[request]
    _leave(state, stored[request] + state.steps - began[request])
    return request


def _leave(state: _State, tokens: float) -> None:
    """Free the blocks of a sequence."""
    state.running -= 1
    state.tokens -= tokens
    state.blocks -= tokens / BLOCK + 0.5
    if not state.running:
        state.tokens = state.blocks = 0.0


def arrivals(rate: float, number: int, gap_cv: float, rng: np.random.Generator) -> Array:
    """Draw times of arrival whose gaps follow a gamma law.

    Parameters
    ----------
    rate
        Requests a second, mean.
    number
        Requests.
    gap_cv
        Standard deviation of the gaps over their mean: 1 for a Poisson process.
    rng
        Source of random numbers.
    """
    shape = 1.0 / max(gap_cv, 1e-3) ** 2
    return np.cumsum(rng.gamma(shape, 1.0 / (rate * shape), number))


def lengths(mean: float, cv: float, number: int, rng: np.random.Generator, longest: float) -> Array:
    """Draw lengths that follow a log-normal law.

    Parameters
    ----------
    mean
        Mean length in tokens.
    cv
        Standard deviation over the mean.
    number
        How many.
    rng
        Source of random numbers.
    longest
        Longest that is allowed, in tokens.
    """
    if cv <= 0:
        return np.full(number, max(round(mean), 1.0))
    spread = np.sqrt(np.log1p(cv**2))
    drawn = rng.lognormal(np.log(mean) - spread**2 / 2, spread, number)
    return np.clip(np.round(drawn), 1.0, longest)
