"""Campaigns: how long a training run takes once devices fail, and what it can train in a fixed time.

Two methods answer this. The closed form (:func:`estimate`) assumes failures at a constant rate, checkpoints at the best
interval, and either a restart of the whole job at each failure or the loss of one data-parallel replica. The
simulation (:func:`simulate`) draws many trials with any failures, repairs, spares, tiers of checkpoints, slow devices
and pauses. Time is divided into the buckets of Google's ML Goodput library.
"""

from lindos.campaign.causes import ALL_DEVICES, LAWS, Cause, check_shape, lemons
from lindos.campaign.closed_form import estimate, trained_in
from lindos.campaign.intervals import with_best_intervals
from lindos.campaign.optimal import FITS, ComputeOptimal, ScalingLaw, compute_optimal, scaling_law
from lindos.campaign.problem import PoolSpares, Problem, Stragglers, Workload, flattened, take_draws
from lindos.campaign.progress import ENDLESS, CheckpointTier
from lindos.campaign.rates import (
    Conditions,
    FailureRate,
    checkpoint_bandwidth,
    checkpoint_bytes,
    conditions,
    failure_rate_of,
    mean_failure_rate,
)
from lindos.campaign.result import GOODPUT_NAMES, CampaignEstimate, CampaignTime
from lindos.campaign.shortage import in_repair
from lindos.campaign.simulate import LARGEST_EVENTS, Trials, simulate, tile_rows
from lindos.campaign.trace import STATES, Trace
from lindos.campaign.trials import PERCENTILES, Sampling, confidence, simulate_until

__all__ = [
    "ALL_DEVICES",
    "ENDLESS",
    "FITS",
    "GOODPUT_NAMES",
    "LARGEST_EVENTS",
    "LAWS",
    "PERCENTILES",
    "STATES",
    "CampaignEstimate",
    "CampaignTime",
    "Cause",
    "CheckpointTier",
    "ComputeOptimal",
    "Conditions",
    "FailureRate",
    "PoolSpares",
    "Problem",
    "Sampling",
    "ScalingLaw",
    "Stragglers",
    "Trace",
    "Trials",
    "Workload",
    "check_shape",
    "checkpoint_bandwidth",
    "checkpoint_bytes",
    "compute_optimal",
    "conditions",
    "confidence",
    "estimate",
    "failure_rate_of",
    "flattened",
    "in_repair",
    "lemons",
    "mean_failure_rate",
    "scaling_law",
    "simulate",
    "simulate_until",
    "take_draws",
    "tile_rows",
    "trained_in",
    "with_best_intervals",
]
