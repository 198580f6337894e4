"""Loads of nodes come from all machines of their kind, and each machine is predicted by the others."""

from dataclasses import replace

import numpy as np
import pytest

from lindos.catalog import load_catalog
from lindos.validation.machine_load import load_of_kind, machine_loads
from lindos.validation.site_rows import MACHINE, read_site_rows

CATALOG = load_catalog()
ROWS = [row for row in read_site_rows() if row.kind == MACHINE]
MACHINES = machine_loads(CATALOG, ROWS)
#: Kinds of node with enough machines to speak for themselves.
KINDS = sorted(kind for kind in {machine.kind for machine in MACHINES} if sum(m.kind == kind for m in MACHINES) >= 4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_catalogue_has_the_load_that_the_machines_of_a_kind_give(kind: str) -> None:
    load = load_of_kind(MACHINES, kind)
    assert CATALOG.system(kind).load_over_boards.value == pytest.approx(load, rel=0.01)


def test_machines_left_out_are_predicted_by_the_others() -> None:
    errors = np.array([m.error for m in MACHINES if m.error is not None])
    plausible = np.array([m.error for m in MACHINES if m.error is not None and not m.prediction.is_count_doubtful])
    assert len(errors) > 90
    assert np.mean(abs(errors) <= 0.15) > 0.77
    assert np.mean(abs(plausible) <= 0.15) > 0.8
    assert np.median(abs(plausible)) < 0.08


def test_a_machine_has_no_part_in_its_own_prediction() -> None:
    index = next(i for i, machine in enumerate(MACHINES) if machine.kind == "mi250x-node")
    row = ROWS[index]
    assert row.name == MACHINES[index].prediction.row.name
    assert row.it_power is not None
    louder = machine_loads(CATALOG, [*ROWS[:index], replace(row, it_power=1.2 * row.it_power), *ROWS[index + 1 :]])
    assert louder[index].load_of_others == MACHINES[index].load_of_others
    assert louder[index].load > MACHINES[index].load


def test_a_kind_without_a_plausible_machine_has_no_load() -> None:
    assert load_of_kind(MACHINES, "gb200-nvl72") is None
