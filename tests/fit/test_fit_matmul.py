"""The fit finds parameters that made its data, and the tables it ships from are read as documented."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import fit_matmul
import measured
from lindos.catalog import load_catalog

TRUE = {"fill_depth": 120.0, "operand_fraction": 0.7, "burst": 0.1, "launch_latency": 2.5e-6, "partial_wave": 0.2}


def made(rate: float, p: dict[str, float], scatter: float = 0.03) -> fit_matmul.Products:
    rng = np.random.default_rng(0)
    rows, columns, depth = 2.0 ** rng.uniform(9, 14, (3, 1500))
    empty = fit_matmul.Products(
        device="made",
        num_processors=132,
        memory_bandwidth=3e12,
        size=2.0,
        rows=np.round(rows),
        columns=np.round(columns),
        depth=np.round(depth),
        seconds=np.ones(1500),
        left_out=rng.random(1500) < 0.25,
    )
    noise = np.exp(rng.normal(0, scatter, 1500))
    return replace(empty, seconds=fit_matmul.time(empty, rate, p) * noise)


def test_parameters_that_made_the_data_are_found() -> None:
    free = (*fit_matmul.COMMON, "partial_wave")
    (slow, fast), found = fit_matmul.fit([made(700e12, TRUE), made(1500e12, TRUE)], free, {})
    assert (slow, fast) == pytest.approx((700e12, 1500e12), rel=0.02)
    for name in ("fill_depth", "operand_fraction", "launch_latency", "partial_wave"):
        assert found[name] == pytest.approx(TRUE[name], rel=0.2), name


def test_quantisation_is_told_from_the_product() -> None:
    quantised = TRUE | {"quantise_reads": 2.5, "quantise_launch": 8e-6}
    settled = {name: TRUE[name] for name in ("operand_fraction", "burst", "launch_latency")}
    (rate,), found = fit_matmul.fit([made(1400e12, quantised)], fit_matmul.PER_PRECISION, settled)
    assert rate == pytest.approx(1400e12, rel=0.03)
    assert found["quantise_reads"] == pytest.approx(2.5, rel=0.05)


def test_whole_weight_shapes_are_left_out() -> None:
    columns, depth = np.repeat([512, 1024, 2048, 4096], 100), np.tile(np.arange(512, 612), 4)
    out = measured.left_out(columns, depth)
    assert 0.15 < out.mean() < 0.35
    assert (measured.left_out(np.tile(columns, 2), np.tile(depth, 2))[:400] == out).all()


def test_every_measured_rate_states_its_error() -> None:
    catalog = load_catalog()
    for device in measured.DEVICES:
        kernels = catalog.kernels(f"{device}-kernels")
        for name in ("matmul_bf16", "matmul_fp8", "matmul_mxfp8", "matmul_fp4"):
            fact = getattr(kernels, name)
            if fact.is_known:
                median, p90 = map(float, re.findall(r"([\d.]+)%", fact.note))
                limits = (6.5, 15) if name == "matmul_bf16" else (7.5, 22)
                assert (median, p90) < limits, fact.path
                assert p90 < limits[1], fact.path
                assert fact.low < fact.value < fact.high, fact.path


@pytest.mark.skipif(measured.tables_folder() is None, reason="the measured tables are an extra: pip install .[fit]")
def test_the_shipped_rate_is_what_the_tables_give() -> None:
    folder = measured.tables_folder()
    assert isinstance(folder, Path)
    given, _ = fit_matmul.products(folder, "h100-sxm", "bf16", "trtllm")
    catalog = load_catalog()
    kernels = catalog.kernels("h100-sxm-kernels")
    shape = {name: getattr(kernels, name).value for name in ("operand_fraction", "burst", "launch_latency")}
    shape |= {name: getattr(kernels, f"{name}_bf16").value for name in ("fill_depth", "partial_wave")}
    rate = kernels.matmul_bf16.value * catalog.accelerator("h100-sxm").peak_bf16.value
    away = np.abs(fit_matmul.time(given, rate, shape) / given.seconds - 1)
    assert np.median(away) < 0.045
