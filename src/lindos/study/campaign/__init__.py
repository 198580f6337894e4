"""A scenario's campaign: the closed form, the simulation, and what would change them."""

from lindos.study.campaign.basis import Basis
from lindos.study.campaign.cost import RUN_COST, RunCost
from lindos.study.campaign.problem import goal
from lindos.study.campaign.result import CAMPAIGN, TRIALS, CampaignResult, DataLimit
from lindos.study.campaign.simulated import CampaignAsked

__all__ = ["CAMPAIGN", "RUN_COST", "TRIALS", "Basis", "CampaignAsked", "CampaignResult", "DataLimit", "RunCost", "goal"]
