"""Weeks: how long a training run really takes once things fail, and what can be trained in a given time.

Two ways to the same answer. The closed form (:func:`estimate`): failures at a constant rate, checkpoints at the best
interval, and either a restart of the whole job at each failure or the loss of one data-parallel replica. The
simulation (:func:`simulate`): any failures, repairs, spares, tiers of checkpoints, slow devices and pauses, many times
over. Time is split into the buckets of Google's ML Goodput library.
"""

from lindos.campaign.causes import EVERYTHING, LAWS, Cause, check_shape, lemons
from lindos.campaign.course import Course, PoolSpares, Stragglers
from lindos.campaign.estimate import estimate
from lindos.campaign.hazard import (
    Conditions,
    Hazard,
    checkpoint_bandwidth,
    checkpoint_bytes,
    conditions,
    failure_rate,
    hazard,
)
from lindos.campaign.intervals import with_best_intervals
from lindos.campaign.optimal import FITS, ComputeOptimal, ScalingLaw, compute_optimal, scaling_law
from lindos.campaign.progress import NEVER, CheckpointTier
from lindos.campaign.replicas import PERCENTILES, Precision, until_known
from lindos.campaign.result import GOODPUT_NAMES, CampaignEstimate, CampaignTime
from lindos.campaign.simulate import Replicas, joined, rows_of, simulate
from lindos.campaign.trace import STATES, Trace, curves, trace

__all__ = [
    "EVERYTHING",
    "FITS",
    "GOODPUT_NAMES",
    "LAWS",
    "NEVER",
    "PERCENTILES",
    "STATES",
    "CampaignEstimate",
    "CampaignTime",
    "Cause",
    "CheckpointTier",
    "ComputeOptimal",
    "Conditions",
    "Course",
    "Hazard",
    "PoolSpares",
    "Precision",
    "Replicas",
    "ScalingLaw",
    "Stragglers",
    "Trace",
    "check_shape",
    "checkpoint_bandwidth",
    "checkpoint_bytes",
    "compute_optimal",
    "conditions",
    "curves",
    "estimate",
    "failure_rate",
    "hazard",
    "joined",
    "lemons",
    "rows_of",
    "scaling_law",
    "simulate",
    "trace",
    "until_known",
    "with_best_intervals",
]
