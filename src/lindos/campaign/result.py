"""The estimate of a campaign: its time in disjoint buckets, and the counts that it follows from."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from lindos.quantities import Count, Flop, Fraction, Real, Seconds, Tokens
from lindos.results import Why
from lindos.units import render

#: The badput type of Google's library that each bucket belongs to.
GOODPUT_NAMES = {
    "checkpoint_save": "UNPRODUCTIVE_CHECKPOINT_SAVE_TIME",
    "checkpoint_restore": "UNPRODUCTIVE_CHECKPOINT_RESTORE_TIME",
    "wasted_progress": "WASTED_PROGRESS_FROM_DISRUPTION",
    "slow_steps": "OTHER",
    "infrastructure_recovery": "INFRASTRUCTURE_RECOVERY_FROM_DISRUPTION",
    "spare_wait": "INFRASTRUCTURE_RECOVERY_FROM_DISRUPTION",
    "planned_maintenance": "CUSTOM_BADPUT_EVENTS",
    "startup": "PROGRAM_STARTUP",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignTime:
    """Wall clock of a run, divided into buckets.

    The buckets and their names follow the badput types of Google's library
    (https://github.com/AI-Hypercomputer/ml-goodput-measurement), see :data:`GOODPUT_NAMES`: ``startup`` joins its
    initialisation, preparation and program start; its data loading is part of the step here.
    """

    productive: Annotated[Seconds, Why("optimiser steps that count, at the step time")]
    checkpoint_save: Annotated[Seconds, Why("training waits while a checkpoint is written")]
    checkpoint_restore: Annotated[Seconds, Why("the last checkpoint is read back after failures")]
    wasted_progress: Annotated[Seconds, Why("work done after the last checkpoint and lost with it")]
    slow_steps: Annotated[Seconds, Why("what steps take longer with replicas missing or devices slow")]
    infrastructure_recovery: Annotated[Seconds, Why("failures are detected, devices replaced and processes restarted")]
    spare_wait: Annotated[Seconds, Why("the job waits for devices in repair, since no spare stands by")]
    planned_maintenance: Annotated[Seconds, Why("planned stops, saved before")]
    startup: Annotated[Seconds, Why("the first start of the job, once")]

    @property
    def total(self) -> Seconds:
        """Wall clock from the first start to the last step."""
        return self.productive + self.badput

    @property
    def badput(self) -> Seconds:
        """Wall clock that does not move training forward."""
        saved = self.checkpoint_save + self.checkpoint_restore
        stopped = self.infrastructure_recovery + self.spare_wait + self.planned_maintenance + self.startup
        return saved + self.wasted_progress + self.slow_steps + stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignEstimate:
    """Duration of a run under failures, and what it trains."""

    time: CampaignTime
    num_steps: Annotated[Count, Why("optimiser steps that count")]
    tokens: Annotated[Tokens, Why("tokens processed by those steps")]
    effective_tokens: Annotated[Tokens, Why("tokens that would reach the same loss in small batches")]
    training_flop: Annotated[Flop, Why("model FLOPs of those steps")]
    num_failures: Annotated[Count, Why("mean number of failures in the whole run")]
    job_mtbf: Annotated[Seconds, Why("mean time between failures of all working devices together")]
    checkpoint_time: Annotated[Seconds, Why("time of one checkpoint: size over storage bandwidth")]
    checkpoint_interval: Annotated[
        Seconds | None,
        Why("compute time between checkpoints that loses least (Daly 2006), if they are read back"),
    ]
    recovery_time: Annotated[Seconds, Why("from one failure until the job, or what is left of it, goes on")]
    devices_in_repair: Annotated[Count, Why("devices in repair at most, 99 moments in 100")]
    spares_given: Annotated[Count, Why("devices that stand by: idle under the plan or set aside")]
    largest_job: Annotated[Count, Why("devices at which failures come as fast as one is recovered from")]
    compute_optimal_params: Annotated[Count, Why("parameters of the dense model that uses this compute best")]
    compute_optimal_tokens: Annotated[Tokens, Why("tokens that go with them")]
    sustainable: Annotated[Fraction, Why("1 where failures are further apart than their recovery takes, else 0")]
    young_valid: Annotated[Fraction, Why("1 where a save takes under a tenth of the time between failures, as assumed")]

    @property
    def goodput(self) -> Fraction:
        """Share of the wall clock that moves training forward for good."""
        return self.time.productive / self.time.total

    @property
    def effective_training_time(self) -> Fraction:
        """Share of the wall clock in steps that count, however slow they are."""
        return (self.time.productive + self.time.slow_steps) / self.time.total

    @property
    def duration(self) -> Seconds:
        """Wall clock of the run."""
        return self.time.total

    @property
    def statement(self) -> str:
        """The result in one or two sentences; of an array, its median."""
        mtbf = render(_middle(self.job_mtbf), "s")
        interval = self.checkpoint_interval
        restarts = interval is not None
        if _middle(self.sustainable) < 1:
            event = "one save and recovery take" if restarts else "the others wait at each failure for"
            lasting = self.recovery_time + self.checkpoint_time if restarts else self.recovery_time
            return (
                f"No run is sustained: the job fails every {mtbf} on average and {event} "
                f"{render(_middle(lasting), 's')}. One job carries at most about "
                f"{render(_middle(self.largest_job), '1', 2)} devices under these rates; beyond, spread the run over "
                "jobs that fail apart, or lower recovery time or failure rate."
            )
        sentence = (
            f"{render(_middle(self.duration), 's')} at a goodput of {100 * _middle(self.goodput):.3g} %: one failure "
            f"every {mtbf}, "
        )
        if interval is None:
            return sentence + f"at which the other replicas wait {render(_middle(self.recovery_time), 's')} and go on."
        sentence += f"a checkpoint every {render(_middle(interval), 's')}."
        if _middle(self.young_valid) < 1:
            sentence += " A save is not short against the time between failures: the interval is rough."
        return sentence


def _middle(value: Real) -> float:
    return float(np.median(np.asarray(value, dtype=float)))
