"""The tables of a sweep in the terminal."""

from pathlib import Path

from lindos.elements import Number
from lindos.report.sweep import _tables
from lindos.sweep import Journal, LocalEngine, context_of, summary
from sweep_helpers import answered, sweep_of


def test_numbers_of_a_sweep_are_numbers_of_its_tables(tmp_path: Path) -> None:
    text = "scenario: one-node\nask: [step]\ngrid: {job.global_batch_size: [64, 128]}\n"
    sweep = sweep_of(tmp_path, text)
    answered(sweep, LocalEngine(context_of(sweep), 1), tmp_path / "out")
    with Journal(tmp_path / "out", resume=True) as journal:
        figures, best = _tables(sweep, summary(sweep, journal))
    assert all(isinstance(cell, Number) for row in figures.rows for cell in row[1:4])
    assert [cell for cell in best.rows[0] if not isinstance(cell, Number)] == []
