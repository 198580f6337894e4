"""The campaign of a search, whose worlds share their results instead of being a chain."""

from lindos.elements import Section
from lindos.study.campaign import CAMPAIGN, RUN_COST, CampaignAsked
from lindos.study.campaign.basis import Basis
from lindos.study.campaign.cost import priced
from lindos.study.campaign.result import campaign_of_draws, campaign_of_values
from lindos.study.floor import Outcome
from lindos.study.old_step import batch_limit
from lindos.study.world import World, Worlds
from lindos.views import Context, campaign


def basis_of_world(world: World) -> Basis:
    """Gather what the campaign of a search rests on from a world that shares results.

    A search plans for the GPUs that work: as many more stand by as fail, beside the cluster and its bill.
    """
    step, scenario = world.results["step"], world.scenario
    spares = {} if scenario.campaign.spare_fraction is not None else {"shared_standby": world.cluster.num_devices}
    return Basis(
        catalog=world.catalog,
        num_draws=world.num_draws,
        campaign=scenario.campaign.model_copy(update=spares),
        goal=scenario.job.goal if scenario.job else None,
        date=scenario.date,
        cluster=world.cluster,
        job=world.job,
        pools=step.found.pools,
        step_time=step.time,
        tokens_per_step=step.tokens,
        num_devices=step.num_devices,
        replica_devices=step.replica_devices,
        extra_tokens_factor=batch_limit(world, step.tokens).tokens_factor,
    )


def campaign_section(shared: Worlds) -> Section:
    """Show the campaign of worlds that share results; priced where the site is among them."""
    asked = CampaignAsked()
    values = campaign_of_values(basis_of_world(shared.point), asked)
    draws = campaign_of_draws(basis_of_world(shared.sampled), values, asked)
    outcome = Outcome(floor=CAMPAIGN, point=values, sampled=draws, varied=values, columns=(), facts={})
    cost = None
    if "site" in shared.point.results:
        # A search pays for the GPUs that work, not for all that it may use.
        costs = [
            priced(world.results["site"], world.results["step"].num_devices, world.results["step"].num_devices, result)
            for world, result in ((shared.point, values), (shared.sampled, draws))
        ]
        cost = Outcome(floor=RUN_COST, point=costs[0], sampled=costs[1], varied=costs[0], columns=(), facts={})
    context = Context(scenario=shared.point.scenario, catalog=shared.point.catalog)
    return campaign.view(context, outcome, cost)
