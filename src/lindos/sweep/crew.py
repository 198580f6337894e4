"""Workers that answer scenarios: each always has a task, and a worker that dies is replaced."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from lindos.sweep.solve import Outcome

#: A scenario is given up after it has killed this many workers.
MAX_DEATHS = 3
#: The sweep ends after this many workers in a row have died before they started.
_MAX_STARTS = 3
#: Scenarios that a worker has: one that it answers and one that is queued, so that the worker never waits.
_DEPTH = 2
#: Seconds between two looks at the signal to stop.
_POLL = 0.2


class Task(NamedTuple):
    """A scenario to answer: the key of its outcome, and the values that it sets in the base."""

    key: str
    overrides: Mapping[str, Any]


class WorkerDied(Exception):
    """The process of a worker has ended; its scenarios must be answered again."""


class Engine(Protocol):
    """Starts and stops workers. A handle stands for a task of a worker; a worker finishes its tasks in order."""

    @property
    def name(self) -> str:
        """Name of the engine on the command line."""

    @property
    def num_workers(self) -> int:
        """Number of workers to start."""

    @property
    def is_exact(self) -> bool:
        """Whether outcomes outlive their worker, so that only its first unfinished task can have killed it."""

    def start(self) -> tuple[Any, Any]:
        """Start a worker; return it with a handle that is done when the worker is ready."""

    def submit(self, worker: Any, overrides: Mapping[str, Any]) -> Any:
        """Send a scenario to a worker and return the handle of its outcome; raises `WorkerDied`."""

    def wait(self, handles: Sequence[Any], seconds: float) -> set[Any]:
        """Wait at most ``seconds`` until a handle is done, and return the handles that are done."""

    def result(self, handle: Any) -> Any:
        """Return the outcome of a handle that is done; raises `WorkerDied`."""

    def refused(self, reason: str) -> Exception:
        """Make the error for a user whose workers do not start."""

    def stop(self, worker: Any) -> None:
        """End a worker, busy or dead."""

    def close(self) -> None:
        """Release what all workers share; the caller who made the engine calls this."""


@dataclass(eq=False)
class _Lane:
    """A worker and its tasks in order; while it starts, the handle of the start alone."""

    worker: Any = None
    busy: deque[tuple[Any, Task | None]] = field(default_factory=deque)
    is_dead: bool = False

    def takes(self, suspects: Set[str]) -> bool:
        """Tell whether the worker can take another task; a task that may have killed a worker is answered alone."""
        if self.is_dead or len(self.busy) >= _DEPTH:
            return False
        return all(task is not None and task.key not in suspects for _, task in self.busy)


class Crew:
    """The workers of an engine, and the tasks that they answer."""

    def __init__(self, engine: Engine, tasks: Iterator[Task], stopped: Callable[[], bool] = lambda: False) -> None:
        """Answer ``tasks``, each taken when a worker is free, until there are no more or ``stopped`` returns True."""
        self._engine, self._tasks, self._stopped = engine, tasks, stopped
        self._retries: deque[Task] = deque()
        self._deaths: Counter[str] = Counter()
        self._suspects: set[str] = set()
        self._failed_starts = 0
        self._lanes: list[_Lane] = []

    def outcomes(self) -> Iterator[tuple[Task, Outcome]]:
        """Yield each task with its outcome, in the order in which they finish.

        Raises
        ------
        InputError
            If workers do not start.
        """
        first = self._next()
        if first is None:
            return
        self._retries.append(first)
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
            # Workers that a signal to the process group has ended are not replaced.
            lane.worker, lane.busy, lane.is_dead = None, deque(), True
            return
        try:
            lane.worker, handle = self._engine.start()
        except OSError as error:
            raise self._engine.refused(error.strerror or str(error)) from None
        lane.busy, lane.is_dead = deque([(handle, None)]), False

    def _next(self) -> Task | None:
        return self._retries.popleft() if self._retries else next(self._tasks, None)

    def _fill(self) -> bool:
        """Give a task to every worker that can take one; return whether any task is unfinished."""
        while (lane := self._free()) is not None and (task := self._next()) is not None:
            if lane.busy and task.key in self._suspects:
                self._retries.appendleft(task)
                break
            self._give(lane, task)
        if any(task is not None for lane in self._lanes for _, task in lane.busy):
            return True
        # Wait for workers that are starting only if a task is left for them.
        left = self._next()
        if left is not None:
            self._retries.appendleft(left)
        return left is not None

    def _free(self) -> _Lane | None:
        free = (lane for lane in self._lanes if lane.takes(self._suspects))
        return min(free, key=lambda lane: len(lane.busy), default=None)

    def _give(self, lane: _Lane, task: Task) -> None:
        try:
            lane.busy.append((self._engine.submit(lane.worker, task.overrides), task))
        except WorkerDied:
            self._retries.appendleft(task)
            # Its unfinished task is still to be blamed; a worker without tasks is replaced at once.
            lane.is_dead = True
            if not lane.busy:
                self._replace(lane)

    def _finish(self, lane: _Lane) -> Iterator[tuple[Task, Outcome]]:
        handle, task = lane.busy.popleft()
        try:
            outcome = self._engine.result(handle)
        except WorkerDied as death:
            if task is None or not lane.busy or self._engine.is_exact:
                self._replace(lane)
                yield from self._blame(task, str(death))
            else:
                lane.busy.appendleft((handle, task))
                self._suspects |= {waiting.key for _, waiting in lane.busy if waiting is not None}
                self._replace(lane)
            return
        self._failed_starts = 0
        if task is not None:
            self._suspects.discard(task.key)
            yield task, outcome

    def _replace(self, lane: _Lane) -> None:
        """Start a new worker in place of a dead one; its unfinished tasks come next."""
        self._retries.extendleft(task for _, task in reversed(lane.busy) if task is not None)
        self._stop(lane)
        self._start(lane)

    def _stop(self, lane: _Lane) -> None:
        if lane.worker is not None:
            self._engine.stop(lane.worker)

    def _blame(self, task: Task | None, reason: str) -> Iterator[tuple[Task, Outcome]]:
        """Retry the task of a dead worker, or report that it kills workers; too many failed starts end the sweep."""
        if self._stopped():
            return
        if task is None:
            self._failed_starts += 1
            if self._failed_starts >= _MAX_STARTS:
                raise self._engine.refused(reason)
            return
        self._deaths[task.key] += 1
        if self._deaths[task.key] < MAX_DEATHS:
            self._retries.append(task)
        else:
            yield task, Outcome("crashed", f"the process that answered it died {MAX_DEATHS} times")
