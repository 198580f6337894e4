"""Sweeps that are small, and contexts that note, sleep or kill: in a module of its own, for workers import it."""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lindos.sweep import Context, Engine, Finished, Journal, Outcome, Sweep, answer_all, context_of, read_sweep

SMALL = """
scenario: one-node
ask: [step]
grid:
  job.global_batch_size: [64, 128, 256]
  job.sequence_length: [4096, 8192]
"""


def sweep_of(folder: Path, text: str = SMALL, name: str = "small.yaml") -> Sweep:
    """The sweep of a file with that text."""
    (folder / name).write_text(text)
    return read_sweep(folder / name)


def answered(sweep: Sweep, engine: Engine, folder: Path, resume: bool = False, **options: Any) -> Finished:
    """A run of a sweep to its end."""
    with Journal(folder, resume=resume) as journal:
        return answer_all(sweep, engine, journal, folder, **options)


class Noted(Context):
    """Notes each attempt, takes a moment, and answers with no figure."""

    log = ""
    seconds = 0.05
    deadly = -1.0  # a batch size that kills its process ...
    times = 0  # ... so often

    def solve(self, overrides: Mapping[str, Any]) -> Outcome:
        """An outcome that holds nothing."""
        batch = int(overrides["job.global_batch_size"])
        with Path(self.log).open("a") as file:
            file.write(f"{os.getpid()} {batch}\n")
        if batch == self.deadly and attempts(Path(self.log)).count(batch) <= self.times:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.seconds)
        return Outcome("ok", "noted")


def noted(sweep: Sweep, log: Path, *, deadly: float = -1.0, times: int = 0) -> Noted:
    """A context that notes its attempts in ``log``."""
    context = Noted(**vars(context_of(sweep)))
    for name, value in (("log", str(log)), ("deadly", deadly), ("times", times)):
        object.__setattr__(context, name, value)
    return context


def attempts(log: Path) -> list[int]:
    """Batch sizes that were tried, in order."""
    return [int(line.split()[1]) for line in log.read_text().splitlines()]


def many(folder: Path, number: int) -> Sweep:
    """A sweep over so many batch sizes from 1."""
    return sweep_of(folder, f"scenario: one-node\ngrid: {{job.global_batch_size: {list(range(1, number + 1))}}}\n")
