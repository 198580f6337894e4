"""What a user may ask, typed: the scenario file, its sections and their fields.

A scenario names things of the catalogue and says how many, to what goal, where and with which traffic. A section
that is left out is not asked. `lindos schema` prints the JSON Schema of :class:`Scenario` for editors.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, create_model, model_validator

from lindos.formats import OFFERED, TRAINING
from lindos.problem.axes import Axis, Kind
from lindos.problem.plan import AXES
from lindos.scenario.campaign import CampaignSpec
from lindos.scenario.fields import (
    AnyOf,
    BatchSize,
    Compute,
    Date,
    Degree,
    Discount,
    Duration,
    EnergyPrice,
    Equivalents,
    Flag,
    GpuCount,
    Money,
    NodeCount,
    OneOf,
    Oversubscription,
    Part,
    PeakToMean,
    Power,
    Pue,
    RackCount,
    SequenceLength,
    Text,
    TokenCount,
    TokenRate,
    Years,
)


class PoolSpec(Part):
    """Equal devices bought as nodes or racks of one kind.

    Exactly one of ``gpus``, ``nodes``, ``racks`` or ``h100_equivalents`` (8-bit dense); ``gpus: 2 racks`` counts racks.
    """

    system: Text = Field(description="node or rack of the catalogue, for example gb200-nvl72")
    gpus: GpuCount | None = None
    nodes: NodeCount | None = Field(default=None, description="of a system that is bought as nodes")
    racks: RackCount | None = Field(default=None, description="of a system that is bought as racks")
    h100_equivalents: Equivalents | None = None
    fabric: Text | None = Field(default=None, description="scale-out network; the system's usual one where left out")
    oversubscription: Oversubscription | None = None
    online: Date | None = Field(default=None, description="day from which the pool works")
    label: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _units_by_word(cls, data: Any) -> Any:
        """Take ``gpus: 2 racks`` as two racks."""
        if not isinstance(data, Mapping) or not isinstance(data.get("gpus"), str):
            return data
        word = data["gpus"].split()[-1:]
        field = {"node": "nodes", "nodes": "nodes", "rack": "racks", "racks": "racks"}.get("".join(word))
        if field is None or field in data:
            return data
        return {key: value for key, value in data.items() if key != "gpus"} | {field: data["gpus"]}


class ClusterSpec(Part):
    """What the scenario runs on."""

    pools: list[PoolSpec] = Field(min_length=1, max_length=32)


def _plan_field(axis: Axis) -> Any:
    """Field of the scenario for one axis of a plan."""
    if axis.kind is Kind.FLAG:
        return Flag | None
    if axis.kind is Kind.DEGREE:
        return Degree | None
    reader = OneOf if axis.kind is Kind.CHOICE else AnyOf
    return Annotated[str, reader(tuple(axis.words))] | None


_PlanFields = create_model(
    "_PlanFields",
    __base__=Part,
    **{name: (_plan_field(axis), None) for name, axis in AXES.items()},  # type: ignore[call-overload]
)


class PlanSpec(_PlanFields):  # type: ignore[misc, valid-type]
    """Parallel degrees the user fixes; what is left out is searched for."""


class GoalSpec(Part):
    """When training is done: exactly one of ``tokens``, ``training_flop`` or ``duration``."""

    tokens: TokenCount | None = None
    training_flop: Compute | None = None
    training_flop_low: Compute | None = None
    training_flop_high: Compute | None = None
    duration: Duration | None = None
    label: Text | None = None


class JobSpec(Part):
    """What is trained, and how."""

    model: Text = Field(description="model of the catalogue, or the path of a Hugging Face config.json")
    precision: Annotated[str, OneOf(TRAINING)] = "bf16"
    sequence_length: SequenceLength = 8192
    global_batch_size: BatchSize | None = Field(
        default=None, description="sequences per step; the critical batch where left out"
    )
    stack: Text = Field(default="megatron-core", description="training software, a stack of the catalogue")
    plan: PlanSpec = PlanSpec()
    goal: GoalSpec | None = None
    label: Text | None = Field(default=None, description="says what the model stands for, where it is a stand-in")


class SiteSpec(Part):
    """Where the cluster stands, and on which terms; ``name`` is a site of the catalogue."""

    name: Text = "generic-us"
    pue: Pue | None = None
    electricity_price: EnergyPrice | None = None
    power_limit: Power | None = None
    volume_discount: Discount = 0.0
    years: Years = 5.0


class InferenceSpec(Part):
    """Traffic that cloud providers carry; mean rates over a day."""

    model: Text
    precision: Annotated[str, OneOf(OFFERED)] = "fp8"
    input_tokens: TokenRate
    output_tokens: TokenRate
    context_length: SequenceLength = 8192
    peak_to_mean: PeakToMean | None = None
    volume_discount: Discount = 0.0
    label: Text | None = None


class ProgrammeSpec(Part):
    """One buyer's plan in a sum of many: how much, by when."""

    name: Text
    h100_equivalents: Equivalents | None = None
    gpus: GpuCount | None = None
    accelerator: Text | None = None
    facility_power: Power | None = None
    by: Date


class RoadmapSpec(Part):
    """From what is there to what is wanted; amounts are H100-equivalents in 8-bit dense.

    What stands at the start is the scenario's own cluster where neither ``start_h100_equivalents`` nor
    ``start_cluster`` is given. Without a target the path is what the cluster's pools bring as they come online.
    """

    start: Date
    start_h100_equivalents: Equivalents | None = Field(
        default=None, description="what stands at the start, the scenario's own cluster included"
    )
    start_cluster: Text | None = Field(
        default=None, description="a built-in scenario whose cluster stands at the start, for example colossus-1"
    )
    target_h100_equivalents: Equivalents | None = None
    target_gpus: GpuCount | None = None
    target_accelerator: Text | None = None
    target_power: Power | None = None
    by: Date | None = None
    budget: Money | None = None
    programmes: list[ProgrammeSpec] = Field(default=[], max_length=200)


class Scenario(Part):
    """One question, whole: name, what was said and when, and the sections that are asked."""

    name: Text
    title: Text
    statement: Text | None = Field(default=None, description="what was announced, in one paragraph, with its date")
    date: Date | None = None
    sources: list[Text] = Field(default=[], max_length=50, description="ids of catalogue sources, or addresses")
    catalog: Text | None = Field(default=None, description="a catalogue file of your own, beside this file")
    cluster: ClusterSpec | None = None
    job: JobSpec | None = None
    campaign: CampaignSpec = CampaignSpec()
    site: SiteSpec | None = None
    inference: InferenceSpec | None = None
    roadmap: RoadmapSpec | None = None
    claims: list[Text] = Field(default=[], max_length=200, description="ids of catalogue claims to check")
    compare_top500: Flag = True
    notes: list[Text] = Field(default=[], max_length=50)
