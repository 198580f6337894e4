"""Published campaigns, predicted from rates that exclude the campaign itself.

The conditions that a campaign publishes (devices, days, storage) are inputs. Its published outcome (interruptions,
effective time) is only compared. Where a condition is not published, the comparison reports the value that the outcome
implies, and whether it lies in the range of the catalogue's sources.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from lindos.campaign import (
    ALL_DEVICES,
    ENDLESS,
    Cause,
    CheckpointTier,
    Problem,
    Trials,
    checkpoint_bandwidth,
    checkpoint_bytes,
    failure_rate_of,
    simulate,
    with_best_intervals,
)
from lindos.catalog import Catalog
from lindos.formulas import checkpoint, reliability
from lindos.units import render

_DAY, _HOUR, _MINUTE = 86_400.0, 3_600.0, 60.0
_DRAWS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One published outcome beside its prediction, or a condition that the outcome implies.

    ``low`` and ``high`` bound 80 % of the draws where the outcome is predicted, and are the sourced range where a
    condition is implied. ``published`` is None for an implied condition.
    """

    campaign: str
    outcome: str
    predicted: float
    low: float | None
    high: float | None
    published: float | None
    unit: str
    rests_on: str
    percent: bool = False

    @property
    def ratio(self) -> float | None:
        """Predicted over published."""
        return None if self.published is None else self.predicted / self.published

    @property
    def in_range(self) -> bool | None:
        """Whether the published outcome, or the implied condition, lies between low and high."""
        if self.low is None or self.high is None:
            return None
        value = self.predicted if self.published is None else self.published
        return self.low <= value <= self.high

    def text(self, value: float | None) -> str:
        """Write a value of this comparison with its unit.

        Parameters
        ----------
        value
            In the unit of the comparison; None is not published.
        """
        if value is None:
            return "—"
        return f"{100 * value:.3g} %" if self.percent else render(value, self.unit)


def published(catalog: Catalog, seed: int = 0) -> tuple[Comparison, ...]:
    """Compare every published campaign with its prediction.

    Parameters
    ----------
    catalog
        Catalogue with the observed failure rates, those of each campaign separately.
    seed
        Seed of the draws and of the simulations.
    """
    sampled = catalog.sampled(_DRAWS, seed)
    return (
        *_llama_3(catalog, sampled, seed),
        *_research_clusters(catalog, sampled),
        *_byte_robust(catalog, sampled),
        *_hundred_thousand(catalog, sampled, seed),
    )


def _time(catalog: Catalog, name: str) -> Any:
    return catalog.parameter(f"reliability.{name}", "s").value


def _column(value: Any) -> Any:
    plain = np.asarray(value, dtype=float)
    return plain[:, None] if plain.ndim else float(plain)


def _run(
    catalog: Catalog,
    *,
    devices: int,
    days: float,
    mtbf: Any,
    params: float,
    seed: int,
    recovery: str = "restart",
    planned: int = 0,
) -> Trials:
    """Simulate a run of ``days`` days; the catalogue gives all other conditions."""
    save = _column(checkpoint_bytes(catalog, params) / checkpoint_bandwidth(catalog, devices))
    restart = _column(_time(catalog, "restart_time"))
    cause = Cause(
        name="any",
        units=devices,
        mtbf=_column(mtbf),
        devices=8,
        detection_time=_column(_time(catalog, "detection_time")),
    )
    remote = CheckpointTier(
        name="remote", interval=ENDLESS, blocking_time=save, write_time=0.0, restore_time=save, survives=ALL_DEVICES
    )
    problem = Problem(
        duration=days * _DAY,
        causes=(cause,),
        tiers=(remote,),
        num_devices=devices,
        replica_devices=devices / 128,
        recovery=recovery,
        startup_time=restart,
        restart_time=restart,
        stall_time=_column(_time(catalog, "replica_stall_time")),
        maintenance_every=days * _DAY / planned if planned else float("inf"),
        maintenance_time=float(np.median(restart)),
    )
    best = with_best_intervals(problem, least=1.0)
    return simulate(best, expected=days * _DAY, num_trials=_DRAWS, seed=seed)


def _span(values: Any) -> tuple[float, float]:
    low, high = np.percentile(np.asarray(values, dtype=float), (10.0, 90.0))
    return float(low), float(high)


def _llama_3(catalog: Catalog, sampled: Catalog, seed: int) -> Iterator[Comparison]:
    """54 days on 16,384 H100; the failure rate excludes the failures of this campaign."""
    conditions: dict[str, Any] = {"devices": 16_384, "days": 54.0, "params": 405e9, "seed": seed}
    point = _run(catalog, **conditions, mtbf=1 / failure_rate_of(catalog, "hopper").device_failure_rate)
    drawn = _run(sampled, **conditions, mtbf=1 / failure_rate_of(sampled, "hopper").device_failure_rate)
    low, high = _span(drawn.num_failures)
    yield Comparison(
        campaign="Llama 3 405B, 54 days on 16,384 H100",
        outcome="unexpected interruptions",
        predicted=float(np.mean(point.num_failures)),
        low=low,
        high=high,
        published=419.0,
        unit="1",
        rests_on="Hopper's rate without Llama 3",
    )
    for name in ("ft_hsdp_32k", "ft_hsdp_100k", "crusoe_h200"):
        rate = failure_rate_of(catalog, "hopper", name).device_failure_rate
        yield Comparison(
            campaign="Llama 3 405B, 54 days on 16,384 H100",
            outcome="the same from one cluster alone",
            predicted=float(reliability.expected_failures(16_384 * rate, 54 * _DAY)),
            low=None,
            high=None,
            published=419.0,
            unit="1",
            rests_on=f"reliability.observed.hopper.{name}",
        )
    # The duration of the 47 planned stops is not published: compare without them, and with a restart for each.
    for planned, rests_on in ((0, "the same; planned stops left out"), (47, "with 47 planned stops of a restart each")):
        point = _run(
            catalog, **conditions, planned=planned, mtbf=1 / failure_rate_of(catalog, "hopper").device_failure_rate
        )
        drawn = _run(
            sampled, **conditions, planned=planned, mtbf=1 / failure_rate_of(sampled, "hopper").device_failure_rate
        )
        low, high = _span(drawn.effective_training_time)
        yield Comparison(
            campaign="Llama 3 405B, 54 days on 16,384 H100",
            outcome="effective training time (published: over)",
            predicted=float(np.mean(point.effective_training_time)),
            low=low,
            high=high,
            published=0.90,
            unit="1",
            rests_on=rests_on,
            percent=True,
        )


def _research_clusters(catalog: Catalog, sampled: Catalog) -> Iterator[Comparison]:
    """Meta's research clusters: one measured time between failures, and two that the paper projects."""
    for devices, hours, outcome in (
        (1_024, 7.9, "time between failures, 1,024 GPUs (measured)"),
        (16_384, 1.8, "time between failures, 16,384 GPUs (projected by the paper)"),
        (131_072, 0.23, "time between failures, 131,072 GPUs (projected by the paper)"),
    ):
        rate = failure_rate_of(catalog, "ampere", "rsc_1").device_failure_rate
        yield Comparison(
            campaign="Meta RSC-1, A100",
            outcome=outcome,
            predicted=float(1 / reliability.job_failure_rate(devices, rate)),
            low=None,
            high=None,
            published=hours * _HOUR,
            unit="s",
            rests_on="6.50 failures per 1,000 node-days of the same cluster, 1/N",
        )


def _byte_robust(catalog: Catalog, sampled: Catalog) -> Iterator[Comparison]:
    """97 % on 9,600 GPUs; neither its failures nor its recovery times are published."""
    mtbf = float(1 / (9_600 * failure_rate_of(catalog, "hopper").device_failure_rate))
    yield Comparison(
        campaign="ByteRobust, 97 % effective on 9,600 GPUs",
        outcome="implied: all that one failure costs",
        predicted=_implied(partial(_goodput, 1.0, 0.0, mtbf), 0.97),
        low=float(_low(catalog, "restart_time") + _low(catalog, "detection_time")),
        high=float(_high(catalog, "restart_time") + _high(catalog, "detection_time")),
        published=None,
        unit="s",
        rests_on="Hopper's rate, saves in memory that cost nothing; range: notice and restart",
    )


def _hundred_thousand(catalog: Catalog, sampled: Catalog, seed: int) -> Iterator[Comparison]:
    """Near 100,000 GPUs, one failure in 18 minutes as published: effective time without and with fault tolerance."""
    name, mtbf = "FT-HSDP near 100,000 GPUs", 18 * _MINUTE
    conditions: dict[str, Any] = {"devices": 100_000, "days": 14.0, "params": 405e9, "seed": seed, "mtbf": 1e5 * mtbf}
    for recovery, share, outcome, cost in (
        ("restart", 0.44, "effective training time, whole restarts", ("restart_time", "detection_time")),
        ("replica", 0.80, "effective training time, fault tolerant", ("replica_stall_time",)),
    ):
        point = _run(catalog, **conditions, recovery=recovery)
        low, high = _span(_run(sampled, **conditions, recovery=recovery).effective_training_time)
        yield Comparison(
            campaign=name,
            outcome=outcome,
            predicted=float(np.mean(point.effective_training_time)),
            low=low,
            high=high,
            published=share,
            unit="1",
            rests_on="one failure in 18 minutes, as published; times of the catalogue",
            percent=True,
        )
        save = float(checkpoint_bytes(catalog, 405e9) / checkpoint_bandwidth(catalog, 100_000))
        interval = float(checkpoint.daly_interval(save, mtbf)) if recovery == "restart" else 1.0
        paid = save if recovery == "restart" else 0.0
        yield Comparison(
            campaign=name,
            outcome="implied: restart and notice" if recovery == "restart" else "implied: wait of the other replicas",
            predicted=_implied(partial(_goodput, interval, paid, mtbf), share),
            low=sum(_low(catalog, time_name) for time_name in cost),
            high=sum(_high(catalog, time_name) for time_name in cost),
            published=None,
            unit="s",
            rests_on="closed form, one failure in 18 minutes",
        )


def _goodput(interval: float, save: float, mtbf: float, lost: float) -> float:
    return float(checkpoint.goodput(interval, save, lost, mtbf))


def _implied(goodput: Callable[[float], float], wanted: float) -> float:
    """Time lost per failure for which goodput is the published one."""
    low, high = 0.0, 10 * _HOUR
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if goodput(middle) > wanted else (low, middle)
    return low


def _low(catalog: Catalog, name: str) -> float:
    fact = catalog.parameter(f"reliability.{name}", "s")
    return float(fact.value if fact.low is None else fact.low)


def _high(catalog: Catalog, name: str) -> float:
    fact = catalog.parameter(f"reliability.{name}", "s")
    return float(fact.value if fact.high is None else fact.high)
