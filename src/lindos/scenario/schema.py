"""The scenario file, typed: its sections and their fields.

A scenario names entries of the catalogue with their numbers, goal, place and traffic. Only the sections that it has
are answered. `lindos schema` prints the JSON Schema of :class:`Scenario` for editors.
"""

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, create_model, model_validator

from lindos.currencies import Conversion
from lindos.errors import InputError
from lindos.formats import OFFERED, TRAINING
from lindos.problem.axes import Axis, Kind, Loop
from lindos.problem.plan import AXES
from lindos.scenario.campaign import CampaignSpec
from lindos.scenario.fields import (
    AdapterRank,
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
    Fraction,
    GpuCount,
    Money,
    NodeCount,
    OneOf,
    Oversubscription,
    Paragraph,
    Part,
    PeakToMean,
    Power,
    Pue,
    Quantity,
    RackCount,
    SequenceLength,
    StateBytes,
    Text,
    TokenCount,
    TokenRate,
    Years,
)
from lindos.scenario.roadmap import RoadmapSpec
from lindos.units import parse, parse_whole

#: Currencies of amounts: those of the catalogue, then further ones for which a scenario states the rate.
CURRENCIES = ("EUR", "GBP", "CNY", "JPY", "AED", "SAR", "INR", "KRW")
_FURTHER_CURRENCIES = ("AUD", "BRL", "CAD", "CHF", "DKK", "KWD", "MYR", "NOK", "PLN", "QAR", "SEK", "SGD", "TWD")
#: Examples of rates, of the order of what they are.
_RATES = {
    "EUR": "1.12",
    "GBP": "1.3",
    "CNY": "0.14",
    "JPY": "0.0067",
    "AED": "0.27",
    "SAR": "0.27",
    "INR": "0.012",
    "KRW": "0.0007",
    "CHF": "1.2",
    "KWD": "3.2",
    "TWD": "0.032",
    "AUD": "0.65",
    "CAD": "0.73",
    "SGD": "0.77",
}
_RateFields = create_model(
    "_RateFields",
    __base__=Part,
    **{
        code: (
            Annotated[float, Quantity("1", _RATES.get(code, "0.25"), 1e-6, 1000.0)] | None,
            Field(default=None, description=f"dollars for one {code}"),
        )
        for code in (*CURRENCIES, *_FURTHER_CURRENCIES)
    },  # type: ignore[call-overload]
)


class ExchangeRates(_RateFields):  # type: ignore[misc, valid-type]
    """Dollars for one unit of a currency; the catalogue's rate nearest to the date by default."""


class PoolSpec(Part):
    """Equal devices bought as nodes or racks of one kind.

    Exactly one of ``gpus``, ``nodes``, ``racks`` or ``h100_equivalents`` (8-bit dense); ``gpus: 2 racks`` counts racks,
    and ``gpus: fill`` takes as many as the power limit and the budget of the site allow.
    """

    system: Annotated[str, Paragraph("gb200-nvl72")] = Field(
        description="node or rack of the catalogue, for example gb200-nvl72"
    )
    gpus: GpuCount | None = Field(default=None, description="number of GPUs, a superchip of two counts as two; or fill")
    nodes: NodeCount | None = Field(default=None, description="number of nodes, for a system that is bought as nodes")
    racks: RackCount | None = Field(default=None, description="number of racks, for a system that is bought as racks")
    h100_equivalents: Equivalents | None = Field(
        default=None, description="size in H100-equivalents: dense 8-bit peak over that of one H100"
    )
    fill: Flag | None = Field(
        default=None, description="whether the pool fills site.power_limit and site.budget; the same as gpus: fill"
    )
    fabric: Annotated[str, Paragraph("quantum-2-400g")] | None = Field(
        default=None, description="scale-out network of the catalogue; the usual one of the system by default"
    )
    oversubscription: Oversubscription | None = Field(
        default=None, description="bandwidth below the first switches over the bandwidth above them; 1 by default"
    )
    online: Date | None = Field(
        default=None, description="day from which the pool works; from the beginning by default"
    )
    label: Text | None = Field(
        default=None, description="name of the pool in the report; that of the system by default"
    )

    @model_validator(mode="before")
    @classmethod
    def _units_by_word(cls, data: Any) -> Any:
        """Take ``gpus: 2 racks`` as two racks, and ``gpus: fill`` as what the site allows."""
        if not isinstance(data, Mapping) or not isinstance(data.get("gpus"), str):
            return data
        if data["gpus"].strip().lower() == "fill":
            return {key: value for key, value in data.items() if key != "gpus"} | {"fill": True}
        word = data["gpus"].split()[-1:]
        field = {"node": "nodes", "nodes": "nodes", "rack": "racks", "racks": "racks"}.get("".join(word))
        if field is None or field in data:
            return data
        return {key: value for key, value in data.items() if key != "gpus"} | {field: data["gpus"]}


class ClusterSpec(Part):
    """The machines of the scenario."""

    pools: list[PoolSpec] = Field(
        min_length=1, max_length=32, description="parts of the cluster, each of equal devices"
    )


def _plan_field(axis: Axis) -> Any:
    """Field of the scenario for one axis of a plan."""
    if axis.kind is Kind.FLAG:
        return Flag | None
    if axis.kind is Kind.DEGREE:
        return Degree | None
    reader = OneOf if axis.kind is Kind.CHOICE else AnyOf
    return Annotated[str, reader(tuple(axis.words))] | None


def _plan_description(axis: Axis) -> str:
    return axis.meaning if axis.loop is Loop.FIXED else f"{axis.meaning}; searched for by default"


_PlanFields = create_model(
    "_PlanFields",
    __base__=Part,
    **{
        name: (_plan_field(axis), Field(default=None, description=_plan_description(axis)))
        for name, axis in AXES.items()
    },  # type: ignore[call-overload]
)


class PlanSpec(_PlanFields):  # type: ignore[misc, valid-type]
    """Axes of the parallel plan that the user fixes; the others are searched for."""


class GoalSpec(Part):
    """End of the training run: exactly one of ``tokens``, ``training_flop`` or ``duration``."""

    tokens: TokenCount | None = Field(default=None, description="tokens to train on")
    training_flop: Compute | None = Field(default=None, description="computation of the whole run, in FLOP")
    training_flop_low: Compute | None = Field(
        default=None, description="low end of a published range of training_flop, in FLOP"
    )
    training_flop_high: Compute | None = Field(
        default=None, description="high end of a published range of training_flop, in FLOP"
    )
    duration: Duration | None = Field(default=None, description="wall-clock time of the run")
    deadline: Duration | None = Field(
        default=None, description="longest time that the run may take; the answer says whether it does"
    )
    label: Text | None = Field(default=None, description="a few words beside the goal in the report")


#: Tokens of a batch may be off by this share when they become sequences: who writes 4M tokens often means 2**22.
_ROUNDING = 0.05


def _roundest(sequences: float) -> int:
    """Return the whole number beside a batch that divides most evenly: the most factors of two within 5 %.

    >>> _roundest(1024.0), _roundest(4e6 / 4096), _roundest(3.0), _roundest(1000.0)
    (1024, 1024, 3, 1000)
    """
    if sequences == int(sequences):
        return int(sequences)
    low, high = math.ceil(sequences * (1 - _ROUNDING)), math.floor(sequences * (1 + _ROUNDING))
    power = 1
    while low <= high and math.ceil(low / (2 * power)) * 2 * power <= high:
        power *= 2
    return max(1, round(sequences / power) * power)


#: Readings of a ``config.json`` that a user may ask for.
MODEL_READINGS = ("gated-decoder",)


class JobSpec(Part):
    """The training job: model, batch, precision and plan."""

    model: Annotated[str, Paragraph("llama-3.1-70b")] = Field(
        description="model of the catalogue, or the path of a Hugging Face config.json"
    )
    model_as: Annotated[str, OneOf(MODEL_READINGS)] | None = Field(
        default=None,
        description="how to read a config.json whatever else it has: as a decoder with softmax attention and gates",
    )
    precision: Annotated[str, OneOf(TRAINING)] = Field(
        default="bf16", description="number format of the matrix products"
    )
    sequence_length: SequenceLength = Field(default=8192, description="tokens of one training sequence")
    global_batch_size: BatchSize | None = Field(
        default=None,
        description="sequences of one optimiser step, or tokens such as 4M tokens; the critical batch by default",
    )
    stack: Annotated[str, Paragraph("megatron-core")] = Field(
        default="megatron-core", description="training software, a stack of the catalogue"
    )
    optimizer_state_bytes: StateBytes = Field(
        default=12.0, description="bytes of the states of a parameter, its FP32 master weight included"
    )
    adapter_rank: AdapterRank | None = Field(
        default=None, description="rank of low-rank adapters beside frozen weights; all weights are trained by default"
    )
    any_software: Flag = Field(default=False, description="plans beyond what the stack ships are searched too")
    memory_headroom: Fraction | None = Field(
        default=None,
        description="share of device memory that a search leaves free where a plan can; the catalogue's where left out",
    )
    plan: PlanSpec = Field(default=PlanSpec(), description="parallel degrees and other axes to fix")
    goal: GoalSpec | None = Field(
        default=None, description="end of the run; without it there is no estimate of a campaign"
    )

    @model_validator(mode="before")
    @classmethod
    def _sequences_of_tokens(cls, data: Any) -> Any:
        """Take a batch in tokens as a number of sequences."""
        if not isinstance(data, Mapping) or not isinstance(data.get("global_batch_size"), str):
            return data
        length = data.get("sequence_length", cls.model_fields["sequence_length"].default)
        with suppress(InputError):
            sequences = parse(data["global_batch_size"], "token") / parse_whole(length)
            if sequences >= 1:
                return {**data, "global_batch_size": _roundest(sequences)}
        return data

    label: Text | None = Field(
        default=None, description="what the model stands for, if it is a stand-in for an unpublished one"
    )


class SiteSpec(Part):
    """The place of the cluster and its terms."""

    name: Annotated[str, Paragraph("generic-us")] = Field(
        default="generic-us", description="site of the catalogue, which gives the other terms"
    )
    location: Annotated[str, Paragraph("germany")] | None = Field(
        default=None, description="country of the catalogue, which gives the other terms if no site is named"
    )
    pue: Pue | None = Field(
        default=None, description="facility energy over IT energy in a year; that of the site by default"
    )
    design_pue: Pue | None = Field(
        default=None,
        description="facility power over IT power on the hottest day; that of the site by default, moved as far as pue",
    )
    electricity_price: EnergyPrice | None = Field(
        default=None, description="price of energy at the meter; that of the site by default"
    )
    power_limit: Power | None = Field(
        default=None, description="facility power that the site can deliver; that of the site by default"
    )
    budget: Money | None = Field(
        default=None, description="money for all that is bought and built; the answer says whether it suffices"
    )
    volume_discount: Discount = Field(default=0.0, description="share taken off the price of nodes and racks")
    years: Years = Field(default=5.0, description="years of the total cost of ownership")


class InferenceSpec(Part):
    """Traffic that cloud providers carry; mean rates over a day."""

    model: Annotated[str, Paragraph("llama-3.1-70b")] = Field(
        description="model of the catalogue, or the path of a Hugging Face config.json"
    )
    precision: Annotated[str, OneOf(OFFERED)] = Field(
        default="fp8", description="number format of the weights and matrix products"
    )
    input_tokens: TokenRate = Field(description="prompt tokens per time, mean over a day")
    output_tokens: TokenRate = Field(description="written tokens per time, mean over a day")
    context_length: SequenceLength = Field(
        default=8192, description="mean tokens of prompt and answer that a sequence keeps in memory"
    )
    peak_to_mean: PeakToMean | None = Field(
        default=None, description="traffic of the busiest hour over the mean; that of the catalogue by default"
    )
    volume_discount: Discount = Field(default=0.0, description="share taken off every cloud price")
    label: Text | None = Field(default=None, description="a few words beside the traffic in the report")


class Scenario(Part):
    """One question: its name, the statement behind it, and the sections to answer."""

    name: Annotated[str, Paragraph("my-cluster")] = Field(description="short name, also of the folder of the results")
    title: Annotated[str, Paragraph("A thousand H200")] = Field(description="heading of the report")
    extends: Annotated[str, Paragraph("colossus-2")] | None = Field(
        default=None,
        description="a built-in scenario, or the path of another file, whose fields count where this file has none",
    )
    statement: Text | None = Field(default=None, description="the announcement in one paragraph, with its date")
    date: Date | None = Field(default=None, description="day of the statement")
    sources: list[Text] = Field(
        default=[], max_length=50, description="sources of the statement: ids of the catalogue, or addresses"
    )
    exchange_rates: ExchangeRates = Field(
        default=ExchangeRates(), description="rates of other currencies that amounts are written in"
    )
    catalog: Annotated[str, Paragraph("my-prices.yaml")] | None = Field(
        default=None, description="a catalogue file of your own, as a path from the folder of this file"
    )
    cluster: ClusterSpec | None = Field(default=None, description="the machines")
    job: JobSpec | None = Field(default=None, description="the training job; needs a cluster")
    campaign: CampaignSpec = Field(
        default=CampaignSpec(), description="failures, recovery and checkpoints of the training run"
    )
    site: SiteSpec | None = Field(default=None, description="the place of the cluster and its terms; needs a cluster")
    inference: InferenceSpec | None = Field(default=None, description="traffic to serve on rented devices")
    roadmap: RoadmapSpec | None = Field(default=None, description="growth to a target, or the demand of many buyers")
    claims: list[Annotated[str, Paragraph("X4")]] = Field(
        default=[], max_length=200, description="ids of catalogue claims to check"
    )
    compare_top500: Flag = Field(default=True, description="whether to compare the cluster with the TOP500 list")
    notes: list[Text] = Field(default=[], max_length=50, description="sentences for the report")
    _conversions: tuple[Conversion, ...] = PrivateAttr(default=())

    @property
    def conversions(self) -> tuple[Conversion, ...]:
        """Amounts that were written in another currency, each with its rate."""
        return self._conversions
