"""Workers that answer scenarios: kept busy, replaced when they die, never asked in vain."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from lindos.sweep.solve import Outcome

#: Workers that a scenario may kill before it is given up.
MAX_DEATHS = 3
#: Workers that may die in a row before any of them has started.
_MAX_STARTS = 3
#: Scenarios that a worker has in hand: one that it answers, and one that waits, so that it never does.
_DEPTH = 2
_POLL = 0.2


class Task(NamedTuple):
    """A scenario to answer: the key of its outcome, and what it writes over the base."""

    key: str
    overrides: Mapping[str, Any]


class WorkerDied(Exception):
    """The process of a worker is gone; its scenarios are to be answered again."""


class Engine(Protocol):
    """Where workers run. Handles stand for what they are busy with, answered in the order they were asked."""

    @property
    def name(self) -> str:
        """As the command line names it."""

    @property
    def num_workers(self) -> int:
        """Workers to start."""

    @property
    def is_exact(self) -> bool:
        """Whether an outcome outlives the worker that has found it, so that its death is that of the next in hand."""

    def start(self) -> tuple[Any, Any]:
        """A new worker, and a handle that is done when it can be asked."""

    def submit(self, worker: Any, overrides: Mapping[str, Any]) -> Any:
        """A handle of the outcome of a scenario; raises `WorkerDied`."""

    def wait(self, handles: Sequence[Any], seconds: float) -> set[Any]:
        """Those that are done after at most so long, at least one where there is."""

    def result(self, handle: Any) -> Any:
        """What a handle stands for; raises `WorkerDied`."""

    def refused(self, reason: str) -> Exception:
        """The sentence for a user whose workers do not start."""

    def stop(self, worker: Any) -> None:
        """End a worker, busy or dead."""

    def close(self) -> None:
        """Give back what belongs to no worker; whoever made the engine calls it."""


@dataclass(eq=False)
class _Lane:
    """A worker and what it is busy with, first asked first; before it has started, that alone."""

    worker: Any = None
    busy: deque[tuple[Any, Task | None]] = field(default_factory=deque)
    is_dead: bool = False

    def takes(self, suspects: Set[str]) -> bool:
        """Whether another task may be given; one that is suspected of killing is answered alone."""
        if self.is_dead or len(self.busy) >= _DEPTH:
            return False
        return all(task is not None and task.key not in suspects for _, task in self.busy)


class Crew:
    """The workers of an engine at a row of tasks."""

    def __init__(self, engine: Engine, tasks: Iterator[Task], stopped: Callable[[], bool] = lambda: False) -> None:
        """Answer ``tasks``, taken as they are needed, until they end or ``stopped`` says so."""
        self._engine, self._tasks, self._stopped = engine, tasks, stopped
        self._again: deque[Task] = deque()
        self._deaths: Counter[str] = Counter()
        self._suspects: set[str] = set()
        self._failed_starts = 0
        self._lanes: list[_Lane] = []

    def outcomes(self) -> Iterator[tuple[Task, Outcome]]:
        """Each task with its outcome, as they finish.

        Raises
        ------
        InputError
            If workers do not start.
        """
        first = self._next()
        if first is None:
            return
        self._again.append(first)
        try:
            self._open_lanes()
            while not self._stopped() and self._fill():
                done = self._engine.wait([handle for lane in self._lanes for handle, _ in lane.busy], _POLL)
                for lane in self._lanes:
                    while lane.busy and lane.busy[0][0] in done:
                        yield from self._finish(lane)
        finally:
            for lane in self._lanes:
                self._stop(lane)

    def _open_lanes(self) -> None:
        for _ in range(self._engine.num_workers):
            lane = _Lane()
            self._lanes.append(lane)
            self._start(lane)

    def _start(self, lane: _Lane) -> None:
        if self._stopped():
            # Workers that a signal to the whole group has ended are not replaced.
            lane.worker, lane.busy, lane.is_dead = None, deque(), True
            return
        try:
            lane.worker, handle = self._engine.start()
        except OSError as error:
            raise self._engine.refused(error.strerror or str(error)) from None
        lane.busy, lane.is_dead = deque([(handle, None)]), False

    def _next(self) -> Task | None:
        return self._again.popleft() if self._again else next(self._tasks, None)

    def _fill(self) -> bool:
        """Give a task to every worker that can take one; whether any is left to wait for."""
        while (lane := self._free()) is not None and (task := self._next()) is not None:
            if lane.busy and task.key in self._suspects:
                self._again.appendleft(task)
                break
            self._give(lane, task)
        if any(task is not None for lane in self._lanes for _, task in lane.busy):
            return True
        # Workers that start are waited for only where a task is left for them.
        left = self._next()
        if left is not None:
            self._again.appendleft(left)
        return left is not None

    def _free(self) -> _Lane | None:
        free = (lane for lane in self._lanes if lane.takes(self._suspects))
        return min(free, key=lambda lane: len(lane.busy), default=None)

    def _give(self, lane: _Lane, task: Task) -> None:
        try:
            lane.busy.append((self._engine.submit(lane.worker, task.overrides), task))
        except WorkerDied:
            self._again.appendleft(task)
            # What it was at is still to be blamed; one that had nothing in hand is replaced at once.
            lane.is_dead = True
            if not lane.busy:
                self._replace(lane)

    def _finish(self, lane: _Lane) -> Iterator[tuple[Task, Outcome]]:
        handle, task = lane.busy.popleft()
        try:
            found = self._engine.result(handle)
        except WorkerDied as death:
            if task is None or not lane.busy or self._engine.is_exact:
                self._replace(lane)
                yield from self._blame(task, str(death))
            else:
                lane.busy.appendleft((handle, task))
                self._suspects |= {one.key for _, one in lane.busy if one is not None}
                self._replace(lane)
            return
        self._failed_starts = 0
        if task is not None:
            self._suspects.discard(task.key)
            yield task, found

    def _replace(self, lane: _Lane) -> None:
        """A new worker for a dead one; what it still had in hand comes next."""
        self._again.extendleft(task for _, task in reversed(lane.busy) if task is not None)
        self._stop(lane)
        self._start(lane)

    def _stop(self, lane: _Lane) -> None:
        if lane.worker is not None:
            self._engine.stop(lane.worker)

    def _blame(self, task: Task | None, reason: str) -> Iterator[tuple[Task, Outcome]]:
        """Answer what a dead worker was at again, or say that it kills; too many that never start end the sweep."""
        if self._stopped():
            return
        if task is None:
            self._failed_starts += 1
            if self._failed_starts >= _MAX_STARTS:
                raise self._engine.refused(reason)
            return
        self._deaths[task.key] += 1
        if self._deaths[task.key] < MAX_DEATHS:
            self._again.append(task)
        else:
            yield task, Outcome("crashed", f"the process that answered it died {MAX_DEATHS} times")
