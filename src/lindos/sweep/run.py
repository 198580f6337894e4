"""Answer the scenarios of a sweep that have no outcome yet, keep each outcome, and write the table of all."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from lindos.sweep.crew import Crew, Engine, Task
from lindos.sweep.design import Sweep
from lindos.sweep.solve import Keys
from lindos.sweep.store import Journal
from lindos.sweep.table import TABLE, write_table

#: Seconds between two intermediate tables; more if writing one takes long.
TABLE_EVERY = 30.0
#: Seconds that the last table may take after a signal to stop; if it takes longer, the table before it stays.
TABLE_AT_STOP = 4.0
#: A second signal this many seconds after the first also cancels the last table.
_SECOND_SIGNAL = 0.5
#: Writing tables takes at most one part in this many of the time.
_TABLE_SHARE = 20.0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Progress of a sweep: scenarios that are finished, out of how many."""

    answered: int  # in this run
    reused: int  # answered by an earlier run, or with the same values as another
    total: int
    seconds: float  # of this run

    @property
    def done(self) -> int:
        """Scenarios that have an outcome."""
        return self.answered + self.reused

    @property
    def rate(self) -> float:
        """Scenarios per second of this run."""
        return self.answered / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A run of a sweep that answered all its scenarios, or that a signal stopped."""

    progress: Progress
    table: Path
    engine: str
    num_workers: int
    stopped_by: int | None = None
    is_table_whole: bool = True  # whether the table holds all that is finished


def answer_all(
    sweep: Sweep,
    engine: Engine,
    journal: Journal,
    folder: Path,
    report: Callable[[Progress], object] = lambda progress: None,
) -> Finished:
    """Answer the scenarios that are not in ``journal`` yet and write ``results.parquet``, also while the sweep runs.

    Parameters
    ----------
    sweep
        The scenarios.
    engine
        The workers that answer them.
    journal
        The store of outcomes.
    folder
        Folder of the table.
    report
        Called after every outcome with the progress.

    Raises
    ------
    InputError
        If workers do not start, or the folder cannot be written.
    """
    run = _Run(sweep, journal, folder)
    is_whole = True
    with _stoppable() as stop:
        for task, outcome in Crew(engine, run.tasks(stop.is_set), stop.is_set).outcomes():
            journal.add(task.key, outcome)
            run.finished(task, stop)
            report(run.progress())
        journal.set_reach(run.keys.shared, run.reach())
        try:
            run.write_table(stop)
        except _StopNow:
            is_whole = False
    return Finished(
        progress=run.progress(),
        table=folder / TABLE,
        engine=engine.name,
        num_workers=engine.num_workers,
        stopped_by=stop.signal,
        is_table_whole=is_whole,
    )


class _Run:
    """State of a run: counts, and the scenarios that workers are busy with."""

    def __init__(self, sweep: Sweep, journal: Journal, folder: Path) -> None:
        self.sweep, self.journal, self.folder = sweep, journal, folder
        self.keys = Keys(sweep)
        self.answered, self.reused, self.index = 0, 0, 0
        self.begin = time.monotonic()
        self.next_table = self.begin + TABLE_EVERY
        self.busy: set[str] = set()
        self.reach_before = journal.reach(self.keys.shared)

    def tasks(self, stopped: Callable[[], bool]) -> Iterator[Task]:
        """Yield the scenarios that have no outcome yet, in order; equal scenarios once."""
        for index in range(len(self.sweep)):
            if stopped():
                return
            self.index = index + 1
            overrides = self.sweep.overrides(index)
            key = self.keys.key(overrides)
            if key in self.busy or key in self.journal:
                self.reused += 1
                continue
            self.busy.add(key)
            yield Task(key, overrides)

    def reach(self) -> int:
        """Number of scenarios, from the first, that contain all outcomes."""
        return max(self.index, self.reach_before)

    def write_table(self, stop: "_Stop") -> None:
        write_table(self.sweep, self.journal, self.folder, reach=self.reach(), check=stop.check)

    def finished(self, task: Task, stop: "_Stop") -> None:
        self.answered += 1
        self.busy.discard(task.key)
        begin = time.monotonic()
        if begin >= self.next_table:
            # A table that a signal interrupts is written at the end.
            with suppress(_StopNow):
                self.write_table(stop)
            end = time.monotonic()
            self.next_table = end + max(TABLE_EVERY, _TABLE_SHARE * (end - begin))

    def progress(self) -> Progress:
        seconds = time.monotonic() - self.begin
        return Progress(answered=self.answered, reused=self.reused, total=len(self.sweep), seconds=seconds)


class _StopNow(Exception):
    """There is no time left for the table."""


class _Stop:
    """Whether a signal asked to stop, and by when the table must be written."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.first = self.deadline = math.inf

    def is_set(self) -> bool:
        return self.signal is not None

    def note(self, number: int, frame: FrameType | None) -> None:
        moment = time.monotonic()
        if self.signal is None:
            self.signal, self.first, self.deadline = number, moment, moment + TABLE_AT_STOP
        elif moment > self.first + _SECOND_SIGNAL:
            self.deadline = moment

    def check(self) -> None:
        """Raise if no time is left."""
        if time.monotonic() > self.deadline:
            raise _StopNow


@contextmanager
def _stoppable() -> Iterator[_Stop]:
    """Let Ctrl-C and the end of a batch job's time stop the sweep between two outcomes, so that no outcome is lost."""
    stop, handlers = _Stop(), {}
    try:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                handlers[number] = signal.signal(number, stop.note)
    except ValueError:  # only the main thread receives signals
        pass
    try:
        yield stop
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
