"""A scenario's campaign: the closed form, the simulation, and what would change them."""

from lindos.study.campaign.closed import estimate, goal
from lindos.study.campaign.ran import CampaignAsked
from lindos.study.campaign.section import section

__all__ = ["CampaignAsked", "estimate", "goal", "section"]
