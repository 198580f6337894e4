"""A sweep from its scenarios to its table: what is finished is kept, what is not is answered."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from lindos.sweep.crew import Crew, Engine, Task
from lindos.sweep.design import Sweep
from lindos.sweep.solve import Keys
from lindos.sweep.store import Journal
from lindos.sweep.table import write_table

#: Seconds between two tables of what is finished; longer where writing one takes long.
TABLE_EVERY = 30.0
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
    with _stoppable() as stop:
        for task, outcome in Crew(engine, run.tasks(stop.asked), stop.asked).outcomes():
            journal.add(task.key, outcome)
            run.finished(task)
            report(run.progress())
    table = write_table(sweep, journal, folder)
    workers = engine.num_workers
    return Finished(
        progress=run.progress(), table=table, engine=engine.name, num_workers=workers, stopped_by=stop.signal
    )


class _Run:
    """Counts, and what is in work."""

    def __init__(self, sweep: Sweep, journal: Journal, folder: Path) -> None:
        self.sweep, self.journal, self.folder = sweep, journal, folder
        self.answered, self.kept = 0, 0
        self.begin = time.monotonic()
        self.next_table = self.begin + TABLE_EVERY
        self.busy: set[str] = set()

    def tasks(self, stopped: Callable[[], bool]) -> Iterator[Task]:
        """Scenarios that have no outcome yet, in order; equal ones once."""
        keys = Keys(self.sweep)
        for index in range(len(self.sweep)):
            if stopped():
                return
            overrides = self.sweep.overrides(index)
            key = keys.key(overrides)
            if key in self.busy or key in self.journal:
                self.kept += 1
                continue
            self.busy.add(key)
            yield Task(key, overrides)

    def finished(self, task: Task) -> None:
        self.answered += 1
        self.busy.discard(task.key)
        begin = time.monotonic()
        if begin >= self.next_table:
            write_table(self.sweep, self.journal, self.folder)
            now = time.monotonic()
            self.next_table = now + max(TABLE_EVERY, _TABLE_SHARE * (now - begin))

    def progress(self) -> Progress:
        seconds = time.monotonic() - self.begin
        return Progress(answered=self.answered, kept=self.kept, total=len(self.sweep), seconds=seconds)


class _Stop:
    """Whether a signal asked to stop."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def asked(self) -> bool:
        return self.signal is not None

    def note(self, number: int, frame: FrameType | None) -> None:
        self.signal = number


@contextmanager
def _stoppable() -> Iterator[_Stop]:
    """Ctrl-C and the end of a batch job's time stop between two outcomes, so that none is lost by half."""
    stop, before = _Stop(), {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, stop.note)
    except ValueError:  # only the main thread hears signals
        pass
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
