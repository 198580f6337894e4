"""Weeks: how long a training run really takes once things fail, and what can be trained in a given time.

The closed form: failures at a constant rate, checkpoints at the best interval, and either a restart of the whole job at
each failure or the loss of one data-parallel replica. Time is split into the buckets of Google's ML Goodput library.
"""

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
from lindos.campaign.optimal import FITS, ComputeOptimal, ScalingLaw, compute_optimal, scaling_law
from lindos.campaign.result import CampaignEstimate, CampaignTime

__all__ = [
    "FITS",
    "CampaignEstimate",
    "CampaignTime",
    "ComputeOptimal",
    "Conditions",
    "Hazard",
    "ScalingLaw",
    "checkpoint_bandwidth",
    "checkpoint_bytes",
    "compute_optimal",
    "conditions",
    "estimate",
    "failure_rate",
    "hazard",
    "scaling_law",
]
