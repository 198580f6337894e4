"""Many scenarios: a grid or a sample over any field, answered by many processes, kept one by one."""

from lindos.study.sweep.crew import Engine
from lindos.study.sweep.design import Sweep
from lindos.study.sweep.grid import read_sweep
from lindos.study.sweep.local import LocalEngine, cores
from lindos.study.sweep.on_ray import RayEngine
from lindos.study.sweep.run import Finished, Progress, run_sweep
from lindos.study.sweep.solve import Context, Outcome, context_of
from lindos.study.sweep.store import Journal
from lindos.study.sweep.summary import Spread, Summary, summary
from lindos.study.sweep.table import write_table

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
    "read_sweep",
    "run_sweep",
    "summary",
    "write_table",
]
