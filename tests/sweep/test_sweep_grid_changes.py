"""``--set`` of a sweep: another value in all of its scenarios."""

from pathlib import Path

import pytest

from lindos.errors import InputError
from lindos.sweep import read_sweep


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    path = tmp_path / "grid.yaml"
    path.write_text("scenario: one-node\nask: [site]\ngrid: {site.pue: [1.1, 1.2]}\n", encoding="utf-8")
    return path


def test_a_value_is_set_in_every_scenario_and_in_the_catalogue(grid: Path) -> None:
    sweep = read_sweep(grid, changes={"site.years": "3", "catalog.systems.hgx-h100.price": "$123k"})
    assert sweep.base["site"]["years"] == "3"
    assert sweep.catalog.system("hgx-h100").price.value == 123_000


@pytest.mark.parametrize("path", ["site.pue", "site"])
def test_a_swept_field_is_not_set(grid: Path, path: str) -> None:
    with pytest.raises(InputError, match=r"The sweep varies site\.pue"):
        read_sweep(grid, changes={path: "1.3"})


def test_an_unknown_field_is_refused(grid: Path) -> None:
    with pytest.raises(InputError, match=r"Did you mean years"):
        read_sweep(grid, changes={"site.year": "3"})
