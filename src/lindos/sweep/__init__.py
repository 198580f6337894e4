"""Many scenarios: a grid or a sample over any field, answered by many processes, kept one by one."""

from lindos.sweep.crew import Engine
from lindos.sweep.design import Sweep
from lindos.sweep.grid import read_sweep
from lindos.sweep.local import LocalEngine, cores, most_workers
from lindos.sweep.on_ray import RayEngine
from lindos.sweep.run import Finished, Progress, run_sweep
from lindos.sweep.solve import Context, Outcome, context_of
from lindos.sweep.store import Journal
from lindos.sweep.summary import Spread, Summary, summary
from lindos.sweep.table import write_table

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
    "context_of",
    "cores",
    "most_workers",
    "read_sweep",
    "run_sweep",
    "summary",
    "write_table",
]
