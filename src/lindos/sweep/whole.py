"""Run a sweep from its file to its results in one call."""

import signal
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lindos.scenario.folder import folder_for
from lindos.sweep.design import Sweep
from lindos.sweep.grid import read_sweep
from lindos.sweep.local import LocalEngine, local_workers
from lindos.sweep.run import Finished, answer_all
from lindos.sweep.solve import context_of
from lindos.sweep.store import Journal
from lindos.sweep.summary import Summary, summary

if TYPE_CHECKING:
    import pandas
    import pyarrow


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """A finished sweep: its scenarios, the summary of their figures, and the table of all figures.

    Parameters
    ----------
    sweep
        The scenarios.
    finished
        Counts of the run, and the path of the table.
    summary
        Scenarios by status, and the spread of each headline figure.
    """

    sweep: Sweep
    finished: Finished
    summary: Summary

    @property
    def table(self) -> Path:
        """Path of the Parquet table, one row per figure of each scenario."""
        return self.finished.table

    def to_arrow(self) -> "pyarrow.Table":
        """Read the table of all figures as a table of Arrow; numbers are SI floats, unknown ones null."""
        import pyarrow.parquet

        return pyarrow.parquet.read_table(self.table)

    def to_pandas(self) -> "pandas.DataFrame":
        """Read the table of all figures as a data frame; needs pandas."""
        return self.to_arrow().to_pandas()

    def __repr__(self) -> str:
        """Give the name of the sweep, its counts by status and the path of its table."""
        counts = ", ".join(f"{count:,} {status}" for status, count in self.summary.statuses.items() if count)
        return f"<SweepResult {self.sweep.name}: {counts}; {self.table}>"


def run_sweep(
    grid: str | Path,
    out: str | Path | None = None,
    *,
    catalog: str | Path | Sequence[str | Path] = (),
    workers: int | None = None,
    resume: bool = False,
) -> SweepResult:
    """Answer every scenario of a sweep with processes of this machine.

    A script that calls this needs ``if __name__ == "__main__":`` around the call, since processes import the script.

    Parameters
    ----------
    grid
        Path of a YAML file with a base scenario and the fields that vary.
    out
        Folder of the results; ``lindos-out/sweep-GRID`` if None.
    catalog
        Your own catalogue files, later ones on top.
    workers
        Number of processes; one per core if None.
    resume
        Keep the outcomes that an interrupted run left in the folder, and answer the other scenarios.

    Returns
    -------
    SweepResult
        The summary, and the table of all figures.

    Raises
    ------
    InputError
        If the file is wrong, or the folder holds results and ``resume`` is False.
    KeyboardInterrupt
        If Ctrl-C stops the sweep; finished outcomes stay in the folder.
    SystemExit
        If another signal stops it, such as the end of a batch job's time.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> text = "scenario: one-node\\nask: [step]\\ngrid: {job.global_batch_size: [64, 128]}\\n"
    >>> _ = (folder / "batches.yaml").write_text(text)
    >>> result = run_sweep(folder / "batches.yaml", folder / "out", workers=1)
    >>> result.summary.statuses["ok"], result.to_arrow().num_rows > 2
    (2, True)
    """
    catalogs = (catalog,) if isinstance(catalog, str | Path) else catalog
    sweep = read_sweep(Path(grid), [Path(file) for file in catalogs])
    folder = folder_for(str(grid), prefix="sweep-") if out is None else Path(out)
    engine = LocalEngine(context_of(sweep), local_workers(workers, len(sweep)))
    with closing(engine), Journal(folder, resume=resume) as journal:
        finished = answer_all(sweep, engine, journal, folder)
        if finished.stopped_by is None:
            return SweepResult(sweep=sweep, finished=finished, summary=summary(sweep, journal))
    if finished.stopped_by == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + finished.stopped_by)
