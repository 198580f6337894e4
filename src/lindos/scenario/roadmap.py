"""The roadmap section of a scenario: a plan of purchases to a target, or the programmes of many buyers."""

from typing import Annotated

from pydantic import Field

from lindos.scenario.fields import (
    CalendarYear,
    Compute,
    Date,
    Discount,
    DrawCount,
    Duration,
    Equivalents,
    Fraction,
    GpuCount,
    HourlyPrice,
    Money,
    OneOf,
    Paragraph,
    Part,
    Power,
    Text,
    TokenRate,
    YearlyGrowth,
)

#: Fields that say what a plan is to reach; one of them at most.
TARGETS = ("target_h100_equivalents", "target_gpus", "target_power", "target_flop", "target_tokens")


class ProgrammeSpec(Part):
    """One buyer's plan among many; exactly one of ``h100_equivalents``, ``gpus`` or ``facility_power``."""

    name: Annotated[str, Paragraph("Stargate")] = Field(description="name of the buyer or the programme")
    h100_equivalents: Equivalents | None = Field(
        default=None, description="amount in H100-equivalents: dense 8-bit peak over that of one H100"
    )
    gpus: GpuCount | None = Field(default=None, description="amount in GPUs of the kind accelerator")
    accelerator: Annotated[str, Paragraph("gb300")] | None = Field(
        default=None, description="accelerator of the catalogue that gpus counts"
    )
    facility_power: Power | None = Field(default=None, description="amount as facility power with cooling and losses")
    by: Date = Field(description="day on which the programme is complete")
    buyer: Text | None = Field(default=None, description="who buys, where the name is that of a place or a sum")


class CampusSpec(Part):
    """A place that a plan may build at: its terms, and how fast power can be energised there."""

    name: Text = Field(description="name in the plan")
    site: Text = Field(default="generic-us", description="site of the catalogue, which gives prices and cooling")
    first: Date = Field(description="day on which the first block can be energised: the date in the queue")
    block: Power = Field(default=100e6, description="facility power of a block; power comes in whole blocks")
    yearly: Power = Field(description="facility power that can be added a year")
    limit: Power = Field(description="most facility power of the place")


class BudgetSpec(Part):
    """Money for one calendar year."""

    year: CalendarYear = Field(description="calendar year")
    amount: Money = Field(description="capital that may be spent in it")


class AgreementSpec(Part):
    """A price for whoever commits to a number of GPUs over the whole plan."""

    devices: list[Text] = Field(
        default=[], max_length=30, description="accelerators that it covers; all that may be bought by default"
    )
    gpus: GpuCount = Field(description="least number of these GPUs that the plan buys")
    discount: Discount = Field(description="share off the price of nodes and racks, for all of these GPUs")


class CapacitySpec(Part):
    """Capacity that is rented from others, or leased to them, as much of it as the plan finds worth it."""

    limit: Equivalents = Field(description="most H100-equivalents at a time")
    price: HourlyPrice | None = Field(
        default=None,
        description="price of an H100-equivalent for an hour; the catalogue's rent by default",
    )


class FinanceSpec(Part):
    """Cash and debt: what is spent must be there, quarter by quarter."""

    cash: Money | None = Field(default=None, description="cash on the first day")
    income: Money | None = Field(default=None, description="cash that comes in a year, evenly")
    debt: Money | None = Field(default=None, description="most debt at a time; none by default")
    interest: Fraction | None = Field(
        default=None, description="interest on debt a year; the catalogue's cost of capital by default"
    )


class OccupancySpec(Part):
    """Capacity that the buyer's own inference occupies; what is left is for training."""

    h100_equivalents: Equivalents = Field(description="H100-equivalents that inference occupies on the first day")
    growth: YearlyGrowth = Field(default=1.0, description="factor by which that grows a year")


class RecourseSpec(Part):
    """A day on which prices, supply, efficiency and queues are known, and what is ordered after it may differ."""

    day: Date = Field(description="day on which they are known; what arrives within lead_time of it is ordered before")
    draws: DrawCount = Field(default=32, description="draws of the catalogue that the first orders are planned for")


class RoadmapSpec(Part):
    """A path from the machines at the start to a target; amounts are H100-equivalents, 8-bit dense.

    If none of ``start_h100_equivalents``, ``start_cluster`` and ``start_sites`` is given, the path starts with the
    scenario's own cluster. Without a target it follows the cluster's pools as they come online.
    """

    start: Date = Field(description="first day of the path")
    start_h100_equivalents: Equivalents | None = Field(
        default=None,
        description="H100-equivalents online at the start, own cluster included; the scenario's cluster by default",
    )
    start_cluster: Annotated[str, Paragraph("colossus-1")] | None = Field(
        default=None, description="a built-in scenario whose cluster is online at the start, for example colossus-1"
    )
    start_sites: list[Text] = Field(
        default=[],
        max_length=50,
        description="sites of the catalogue: what was last seen of them until the start is online then",
    )
    target_h100_equivalents: Equivalents | None = Field(default=None, description="target in H100-equivalents")
    target_gpus: GpuCount | None = Field(default=None, description="target in GPUs of the kind target_accelerator")
    target_accelerator: Annotated[str, Paragraph("gb300")] | None = Field(
        default=None, description="accelerator of the catalogue that target_gpus counts"
    )
    target_power: Power | None = Field(default=None, description="target as facility power")
    target_flop: Compute | None = Field(
        default=None, description="computation that is delivered until the day beside inference; needs mfu"
    )
    mfu: Fraction | None = Field(
        default=None, description="share of the dense 8-bit peak of an H100 that training uses, for target_flop"
    )
    target_tokens: TokenRate | None = Field(
        default=None, description="target in tokens served per time on the last day; needs token_rate"
    )
    token_rate: TokenRate | None = Field(default=None, description="tokens that an H100-equivalent serves per time")
    objective: Annotated[str, OneOf(("cost", "compute", "stock"))] = Field(
        default="cost",
        description=(
            "cost: least present cost of the target and of what is missing before it; compute: most compute delivered "
            "through time, worth compute_value; stock: most H100-equivalents on the last day"
        ),
    )
    by: Date | None = Field(default=None, description="day of the target; required without programmes")
    budget: Money | None = Field(
        default=None, description="money available for the path; the report compares its cost with it"
    )
    budgets: list[BudgetSpec] = Field(default=[], max_length=50, description="money available in single years")
    devices: list[Text] = Field(
        default=[], max_length=30, description="accelerators that may be bought; NVIDIA's of these years by default"
    )
    campuses: list[CampusSpec] = Field(
        default=[],
        max_length=20,
        description="places to build at; by default one, with the buyer's share of the power that the world adds",
    )
    share_of_supply: Fraction | None = Field(
        default=None, description="most of what the world delivers that the buyer gets; the largest owner's by default"
    )
    lead_time: Duration | None = Field(
        default=None, description="time from the first order to the first machines on line; the catalogue's by default"
    )
    compute_value: HourlyPrice | None = Field(
        default=None,
        description="worth of an H100-equivalent for an hour at the start; rent by default, $0/h for the cheapest plan",
    )
    last_year_share: Fraction = Field(
        default=0.5, description="largest share of all purchases in the last year of a plan of more than two years"
    )
    rent: CapacitySpec | None = Field(default=None, description="capacity that can be rented")
    lease: CapacitySpec | None = Field(default=None, description="own capacity that can be leased to others")
    inference: OccupancySpec | None = Field(default=None, description="own inference, which compute must carry")
    finance: FinanceSpec | None = Field(default=None, description="cash and debt, beside budgets")
    resale: Discount | None = Field(
        default=None,
        description="price of a used device over that of a new one of the same performance; none is sold by default",
    )
    life: Duration | None = Field(default=None, description="life of machines; the catalogue's by default")
    recourse: RecourseSpec | None = Field(
        default=None, description="plan first orders for many draws at once, beside the plan for the catalogue's values"
    )
    agreements: list[AgreementSpec] = Field(
        default=[],
        max_length=40,
        description="prices by volume and generation; the plan decides which it makes, one at most for each device",
    )
    price_decline: Discount = Field(
        default=0.0, description="share by which the price of nodes and racks falls a year, from the first day of sale"
    )
    buyer: Text | None = Field(default=None, description="who buys: programmes of the same buyer are no rivals")
    rivals: Text | None = Field(
        default=None, description="a built-in scenario whose programmes buy in the same years, such as chip-demand"
    )
    sharing: Annotated[str, OneOf(("share", "proportion"))] = Field(
        default="share",
        description=(
            "share: up to share_of_supply of what the world delivers, whatever others want; proportion: where rivals "
            "and the plan want more than is delivered, each gets as much less, and at most share_of_supply"
        ),
    )
    actual_sites: list[Text] = Field(
        default=[], max_length=50, description="sites of the catalogue whose observations stand beside the plan"
    )
    programmes: list[ProgrammeSpec] = Field(
        default=[], max_length=200, description="buyers whose plans are added up and compared with the supply"
    )

    @property
    def has_second_stage(self) -> bool:
        """Whether the day of ``recourse`` lies between the first and the last day, so that it divides the plan."""
        return self.recourse is not None and self.start < self.recourse.day < (self.by or self.start)
