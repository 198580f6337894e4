"""A sweep from its scenarios to its table: what is finished is kept, what is not is answered."""

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

#: Seconds between two tables of what is finished; longer where writing one takes long.
TABLE_EVERY = 30.0
#: Seconds that the last table may take once a signal has asked to stop; beyond, the one before it stays.
TABLE_AT_STOP = 4.0
#: Seconds after the first signal from which another one means that even the table is not wanted.
_SECOND_SIGNAL = 0.5
_TABLE_SHARE = 20.0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a sweep is: scenarios finished now and before, of how many."""

    answered: int  # in this run
    kept: int  # from an earlier one, or of the same values as another
    total: int
    seconds: float  # of this run

    @property
    def done(self) -> int:
        """Scenarios that are finished."""
        return self.answered + self.kept

    @property
    def rate(self) -> float:
        """Scenarios per second of this run."""
        return self.answered / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A run of a sweep that came to its end, or was stopped by a signal."""

    progress: Progress
    table: Path
    engine: str
    num_workers: int
    stopped_by: int | None = None
    is_table_whole: bool = True  # whether the table holds all that is finished


def run_sweep(
    sweep: Sweep,
    engine: Engine,
    journal: Journal,
    folder: Path,
    report: Callable[[Progress], object] = lambda progress: None,
) -> Finished:
    """Answer what is not in ``journal`` yet and write ``results.parquet``, also now and then on the way.

    Parameters
    ----------
    sweep
        The scenarios.
    engine
        Where they are answered.
    journal
        Keeps each outcome as it comes.
    folder
        Where the table goes.
    report
        Called with every outcome.

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
    """Counts, and what is in work."""

    def __init__(self, sweep: Sweep, journal: Journal, folder: Path) -> None:
        self.sweep, self.journal, self.folder = sweep, journal, folder
        self.keys = Keys(sweep)
        self.answered, self.kept, self.index = 0, 0, 0
        self.begin = time.monotonic()
        self.next_table = self.begin + TABLE_EVERY
        self.busy: set[str] = set()
        self.reach_before = journal.reach(self.keys.shared)

    def tasks(self, stopped: Callable[[], bool]) -> Iterator[Task]:
        """Scenarios that have no outcome yet, in order; equal ones once."""
        for index in range(len(self.sweep)):
            if stopped():
                return
            self.index = index + 1
            overrides = self.sweep.overrides(index)
            key = self.keys.key(overrides)
            if key in self.busy or key in self.journal:
                self.kept += 1
                continue
            self.busy.add(key)
            yield Task(key, overrides)

    def reach(self) -> int:
        """Scenarios, from the first one, among which all outcomes lie."""
        return max(self.index, self.reach_before)

    def write_table(self, stop: "_Stop") -> None:
        write_table(self.sweep, self.journal, self.folder, reach=self.reach(), check=stop.check)

    def finished(self, task: Task, stop: "_Stop") -> None:
        self.answered += 1
        self.busy.discard(task.key)
        begin = time.monotonic()
        if begin >= self.next_table:
            # One that a signal interrupts is written at the end.
            with suppress(_StopNow):
                self.write_table(stop)
            now = time.monotonic()
            self.next_table = now + max(TABLE_EVERY, _TABLE_SHARE * (now - begin))

    def progress(self) -> Progress:
        seconds = time.monotonic() - self.begin
        return Progress(answered=self.answered, kept=self.kept, total=len(self.sweep), seconds=seconds)


class _StopNow(Exception):
    """There is no time left for the table."""


class _Stop:
    """Whether a signal asked to stop, and until when the table may be written."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self.first = self.until = math.inf

    def is_set(self) -> bool:
        return self.signal is not None

    def note(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.signal is None:
            self.signal, self.first, self.until = number, now, now + TABLE_AT_STOP
        elif now > self.first + _SECOND_SIGNAL:
            self.until = now

    def check(self) -> None:
        """Raise where there is no time left."""
        if time.monotonic() > self.until:
            raise _StopNow


@contextmanager
def _stoppable() -> Iterator[_Stop]:
    """Ctrl-C and the end of a batch job's time stop between two outcomes, so that none is lost by half."""
    stop, before = _Stop(), {}
    try:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, stop.note)
    except ValueError:  # only the main thread hears signals
        pass
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
