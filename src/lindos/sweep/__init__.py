"""Sweeps: a grid or a sample over any fields of a scenario, answered by many processes, each outcome stored at once."""

from lindos.sweep.crew import Engine
from lindos.sweep.design import Sweep
from lindos.sweep.grid import read_sweep
from lindos.sweep.local import LocalEngine, cores, local_workers, most_workers
from lindos.sweep.on_ray import RayEngine
from lindos.sweep.run import Finished, Progress, answer_all
from lindos.sweep.solve import Context, Outcome, context_of
from lindos.sweep.store import Journal
from lindos.sweep.summary import Spread, Summary, summary
from lindos.sweep.table import write_table
from lindos.sweep.whole import SweepResult, run_sweep

__all__ = [
    "Context",
    "Engine",
    "Finished",
    "Journal",
    "LocalEngine",
    "Outcome",
    "Progress",
    "RayEngine",
    "Spread",
    "Summary",
    "Sweep",
    "SweepResult",
    "answer_all",
    "context_of",
    "cores",
    "local_workers",
    "most_workers",
    "read_sweep",
    "run_sweep",
    "summary",
    "write_table",
]
