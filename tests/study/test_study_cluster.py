"""What is known of a mixed cluster is shown pool by pool, and a sum names the parts that it leaves out."""

from pathlib import Path
from typing import Any

import pytest

from lindos.answers import Answer, run

UNKNOWN = """
accelerators:
  a100-80gb-sxm: {peak_int8: {value: null}}
"""
POOLS = [{"system": "hgx-h100", "gpus": 4096}, {"system": "dgx-a100", "gpus": 2048}]


def answered(tmp_path: Path, pools: list[dict[str, Any]], catalog: str = UNKNOWN) -> Answer:
    (tmp_path / "mine.yaml").write_text(catalog)
    data = {"name": "x", "title": "t", "cluster": {"pools": pools}, "site": {}, "compare_top500": False}
    return run(data, tmp_path / "mine.yaml", sections=["cluster", "site"])


def test_a_pool_of_unknown_rate_leaves_a_lower_bound_and_its_name(tmp_path: Path) -> None:
    found = answered(tmp_path, POOLS)
    total = found.figure("cluster.h100_equivalents")
    assert (total.value, total.bound) == (4096, "least")
    assert "a lower bound, 1 fact is unknown" in total.why
    assert found.figure("cluster.peak_bf16").bound == ""
    pools = found.tables["cluster.pools"]
    column = pools.columns.index("H100e")
    assert [row[column] for row in pools.rows] == [4096, None]
    assert [row[0] for row in found.tables["cluster.gaps"].rows] == ["accelerators.a100-80gb-sxm.peak_fp8"]
    assert "at least 4,096 H100-equivalents" in found.sections[0].summary
    assert any("accelerators.a100-80gb-sxm.peak_fp8" in warning for warning in found.warnings)


def test_a_ratio_over_a_lower_bound_is_unknown(tmp_path: Path) -> None:
    assert answered(tmp_path, POOLS).figure("site.capex_per_h100_equivalent").value is None


def test_a_cluster_of_unknown_rate_alone_has_no_sum(tmp_path: Path) -> None:
    found = answered(tmp_path, POOLS[1:])
    assert found.figure("cluster.h100_equivalents").value is None
    assert found.figure("cluster.num_devices").value == 2048


@pytest.mark.parametrize("pools", [POOLS, POOLS[:1]])
def test_pools_add_up_to_the_sum(tmp_path: Path, pools: list[dict[str, Any]]) -> None:
    found = answered(tmp_path, pools, "{}")
    table = found.tables["cluster.pools"]
    column = table.columns.index("H100e")
    total = found.figure("cluster.h100_equivalents")
    assert sum(row[column] for row in table.rows) == pytest.approx(total.value)  # type: ignore[arg-type]
    assert total.bound == ""
    assert "cluster.gaps" not in found.tables
