"""The records of the catalogue; annotations of their fields are the schema that checks data files.

``Number`` is a sourced number with a unit and bounds, ``Text`` a sourced text. A field with a default may be missing
from a data file, and then has that default.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from lindos.bounds import Bounds
from lindos.catalog.facts import Fact
from lindos.formats import PEAKS, number_format
from lindos.quantities import Real, Unit

#: Precisions that a peak rate may be given for, widest first.
PRECISIONS = PEAKS

Text: TypeAlias = Fact[str]
FlopRate: TypeAlias = Annotated[Fact[Real], Unit("FLOP/s"), Bounds("1 GFLOP/s", "1 ZFLOP/s")]  # of one device
DataSize: TypeAlias = Annotated[Fact[Real], Unit("B"), Bounds("1 MB", "100 TB")]  # of one device
HostSize: TypeAlias = Annotated[Fact[Real], Unit("B"), Bounds("1 GB", "100 PB")]  # of all hosts of a unit
Shipments: TypeAlias = Annotated[Fact[Real], Unit("B"), Bounds("1 PB", "1000 ZB")]  # of the world in a year
HostRate: TypeAlias = Annotated[Fact[Real], Unit("B/s"), Bounds("1 GB/s", "100 PB/s")]  # of all hosts of a unit
DataRate: TypeAlias = Annotated[Fact[Real], Unit("B/s"), Bounds("1 MB/s", "1 PB/s")]  # of one device
Power: TypeAlias = Annotated[Fact[Real], Unit("W"), Bounds("0 W", "100 kW")]  # of one part
SitePower: TypeAlias = Annotated[Fact[Real], Unit("W"), Bounds("1 kW", "1 TW")]
Price: TypeAlias = Annotated[Fact[Real], Unit("USD"), Bounds("$0", "$100 million")]  # of one part
Capital: TypeAlias = Annotated[Fact[Real], Unit("USD"), Bounds("$1", "$1000 trillion")]
HourlyPrice: TypeAlias = Annotated[Fact[Real], Unit("USD/s"), Bounds("$0/h", "$1000/h")]
EnergyPrice: TypeAlias = Annotated[Fact[Real], Unit("USD/J"), Bounds("$0/kWh", "$10/kWh")]
Latency: TypeAlias = Annotated[Fact[Real], Unit("s"), Bounds("0 s", "1 s")]  # of one kernel, message or switch
Number: TypeAlias = Annotated[Fact[Real], Unit("1")]
Share: TypeAlias = Annotated[Number, Bounds(0.0, 1.0)]
#: Attained share of a peak; kernels reach at least a thousandth of it.
PeakShare: TypeAlias = Annotated[Number, Bounds(0.001, 1.0)]
#: Rate over the usual rate; software makes a device at most a quarter faster than its best kernels.
Rate: TypeAlias = Annotated[Number, Bounds(0.01, 1.25)]
Depth: TypeAlias = Annotated[Number, Bounds(0.0, 1e6)]  # of k, in elements
Equivalents: TypeAlias = Annotated[Number, Bounds(1.0, 1e12)]
Devices: TypeAlias = Annotated[Number, Bounds(1, 1_000_000, is_whole=True)]
Elements: TypeAlias = Annotated[Number, Bounds(1, 100_000, is_whole=True)]  # rows or columns of a tile


#: Note of a number that changes no result and so needs no source.
AS_USUAL = "left out: as usual"


def _usual_rate() -> Fact[Real]:
    """A rate that equals the usual rate, where nobody has fitted it."""
    return Fact(path="as_usual", content=1.0, unit="1", note=AS_USUAL)


def _none_hidden() -> Fact[Real]:
    """A share of zero: no traffic hides, where nobody has judged it."""
    return Fact(path="none_hidden", content=0.0, unit="1", note=AS_USUAL)


def _no_time() -> Fact[Real]:
    """A time of zero, where nobody has fitted it."""
    return Fact(path="none_lost", content=0.0, unit="s", note=AS_USUAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """One device: a GPU package, a TPU or Trainium chip. Rates are dense, bandwidths per direction."""

    name: str
    title: str
    vendor: str
    family: str  # key of the kernel model: ampere, hopper, blackwell, rubin, cdna3, tpu, trainium, gaudi
    launch_date: Text
    peak_fp64: FlopRate
    peak_fp32: FlopRate
    peak_tf32: FlopRate
    peak_bf16: FlopRate
    peak_fp8: FlopRate
    peak_fp4: FlopRate
    memory: DataSize
    memory_bandwidth: DataRate
    scale_up_bandwidth: DataRate
    scale_up_size: Devices
    board_power: Annotated[Power, Bounds("1 W", "100 kW")]
    price: Price
    num_processors: Annotated[
        Number, Bounds(1, 1_000_000, is_whole=True)
    ]  # streaming multiprocessors or their like: sets tile and wave quantisation
    kernels: str = ""  # key of the kernel model measured on this device; empty for that of the family
    reported_memory: DataSize = field(default_factory=lambda: Fact(path="reported_memory", content=None, unit="B"))
    host_bandwidth: DataRate = field(default_factory=lambda: Fact(path="host_bandwidth", content=None, unit="B/s"))
    peak_int8: FlopRate = field(  # stated only where integers of 8 bits run faster than FP8
        default_factory=lambda: Fact(path="peak_int8", content=None, unit="FLOP/s")
    )

    @property
    def usable_memory(self) -> DataSize:
        """Memory that the driver reports, if published, else that of the data sheet, whose GB are mostly GiB."""
        return self.reported_memory if self.reported_memory.is_known else self.memory

    def peak(self, precision: str) -> Fact[Real]:
        """Get the dense peak rate in a number format.

        Parameters
        ----------
        precision
            Name of the number format, see :mod:`lindos.formats`.
        """
        fact: Fact[Real] = getattr(self, f"peak_{number_format(precision).peak}")
        return fact

    def counted_peak(self, precision: str) -> Fact[Real]:
        """Get the dense peak rate by which devices are counted and compared, the fastest format of as many bits.

        H100-equivalents count operations of 8 bits, integers or not: TPU v6e multiplies integers twice as fast as FP8,
        and A100 has no FP8.

        Parameters
        ----------
        precision
            Name of a number format of these bits.
        """
        return (
            self.peak_int8 if number_format(precision).bits == 8 and self.peak_int8.is_known else self.peak(precision)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernels:
    """Fractions of its peak that a device, or a family of devices, reaches in real kernels.

    Where ``fill_depth`` and ``partial_wave`` of a precision are unknown, those of BF16 apply; where ``matmul_mxfp8`` is
    unknown, that of FP8.
    """

    name: str
    title: str
    matmul_bf16: PeakShare  # sustained fraction of the dense peak, large matrices
    matmul_fp8: PeakShare
    matmul_mxfp8: PeakShare
    matmul_fp4: PeakShare
    fill_depth_bf16: Depth  # parameters of lindos.formulas.roofline; where partial_wave is unknown, waves are whole
    fill_depth_fp8: Depth
    fill_depth_mxfp8: Depth
    fill_depth_fp4: Depth
    partial_wave_bf16: Share
    partial_wave_fp8: Share
    partial_wave_mxfp8: Share
    partial_wave_fp4: Share
    split_depth: Depth
    half_tile_loss: Share
    burst: Share
    operand_fraction: PeakShare  # attainable fraction of memory bandwidth, operands and result of a product moved once
    attention_forward: PeakShare  # attainable fraction of the dense BF16 peak: heads of 128, endless sequences
    attention_backward: PeakShare
    attention_partial_wave: Annotated[
        Number, Bounds(0.0, 10.0)
    ]  # parameters of lindos.formulas.roofline.attention_efficiency
    attention_fill_keys: Depth
    attention_softmax_dim: Depth
    memory_fraction: PeakShare  # attainable fraction of memory bandwidth, element-wise kernels
    tile_rows: Elements
    tile_columns: Elements
    launch_latency: Latency  # per kernel, on the critical path

    def matmul(self, precision: str) -> Fact[Real]:
        """Get the sustained fraction of the dense peak of large products.

        Parameters
        ----------
        precision
            Name of the number format of the products.
        """
        row = number_format(precision)
        fact: Fact[Real] = getattr(self, f"matmul_{row.kernels}")
        substitute: Fact[Real] = getattr(self, f"matmul_{row.substitute or row.kernels}")
        return fact if fact.is_known else substitute

    def of_format(self, name: str, precision: str) -> Fact[Real]:
        """Get a parameter of the kernels of a number format; where it is unknown, the parameter of BF16.

        Parameters
        ----------
        name
            Beginning of the field's name, ``"fill_depth"``.
        precision
            Name of the number format.
        """
        fact: Fact[Real] = getattr(self, f"{name}_{number_format(precision).kernels}")
        bf16: Fact[Real] = getattr(self, f"{name}_bf16")
        return fact if fact.is_known else bf16


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A node or a rack that is bought as a unit: devices, hosts, scale-up fabric, and its power and price."""

    name: str
    title: str
    accelerator: str  # id of its device
    fabric: str  # id of the scale-out fabric it is usually bought with
    scale_up_fabric: str  # id of the fabric inside the unit
    unit: str  # "node" or "rack"
    num_devices: Devices
    scale_up_size: Devices
    num_hosts: Annotated[Number, Bounds(0, 1_000_000)]  # CPUs
    nic_bandwidth: DataRate  # scale-out, per device and direction
    power: Annotated[Power, Bounds("1 W", "1 GW")]  # of the whole unit at full load, network outside it excluded
    price: Annotated[Price, Bounds("$0", "$100 billion")]  # of the whole unit, scale-out network excluded
    host_memory: HostSize = field(default_factory=lambda: Fact(path="host_memory", content=None, unit="B"))
    host_memory_bandwidth: HostRate = field(
        default_factory=lambda: Fact(path="host_memory_bandwidth", content=None, unit="B/s")
    )
    #: Mean draw of the unit under heavy load over the board power of its devices, where measured; power.training_duty
    #: times its rating where unknown.
    load_over_boards: Annotated[Number, Bounds(0.3, 5.0)] = field(
        default_factory=lambda: Fact(path="unmeasured", content=None)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fabric:
    """A scale-up or scale-out network: the bandwidth of a port; size, power and price of a switch."""

    name: str
    title: str
    kind: str  # "scale-up" or "scale-out"
    port_bandwidth: DataRate  # per direction
    switch_ports: Annotated[Number, Bounds(4, 100_000, is_whole=True)]  # at port_bandwidth
    hop_latency: Latency  # one switch traversal
    base_latency: Latency  # end to end of one message without switches: NIC, software
    efficiency: PeakShare  # share of line rate that an endless collective reaches
    reduction_efficiency: PeakShare  # the same for reductions in the switch; efficiency where unknown
    chunk_cost: Latency  # of one chunk of a pipelined message; zero where unknown
    switch_power: Power
    nic_power: Power
    optic_power: Power  # one transceiver at port_bandwidth
    switch_price: Price
    nic_price: Price
    optic_price: Price
    in_switch_reduction: bool = False


#: Facility power over IT power.
PowerUsage: TypeAlias = Annotated[Number, Bounds(1.0, 3.0)]
CostPerWatt: TypeAlias = Annotated[Fact[Real], Unit("USD/W"), Bounds("$0/W", "$1000/W")]  # of IT power
#: Whose count of devices, or power, a published figure is.
BASES = ("company", "filing", "observed", "derived")


def _unpublished(unit: str) -> Callable[[], Fact[Real]]:
    """Make a number that nobody has published, for a field that data may leave out."""
    return lambda: Fact(path="unpublished", content=None, unit=unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A country: what a large user pays for energy and construction there, and what cooling takes."""

    name: str
    title: str
    pue: PowerUsage  # of a year
    design_pue: PowerUsage  # on the hottest day, by which the connection is sized
    electricity_price: EnergyPrice  # of large users, with grid and levies, without refundable taxes
    construction_cost: CostPerWatt  # of ordinary halls; that of economics.construction_cost where unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """A site of a cluster; published figures are only compared with, never computed from."""

    name: str
    title: str
    location: Text
    pue: PowerUsage  # of a year
    electricity_price: EnergyPrice
    power_limit: SitePower  # facility power that can be drawn
    published_facility_power: SitePower
    published_capex: Capital
    published_h100_equivalents: Equivalents
    published_it_power: SitePower = field(default_factory=_unpublished("W"))
    published_devices: Equivalents = field(default_factory=_unpublished("1"))
    published_date: Text = field(default_factory=lambda: Fact(path="unpublished", content=None))  # that they describe
    vintage: Text = field(default_factory=lambda: Fact(path="unpublished", content=None))  # when they were published
    design_pue: PowerUsage = field(default_factory=_unpublished("1"))  # that of pue where unknown
    construction_cost: CostPerWatt = field(default_factory=_unpublished("USD/W"))  # of this building, dense or not
    market_construction_cost: CostPerWatt = field(default_factory=_unpublished("USD/W"))  # of ordinary halls around it
    operator: str = ""  # id of the company that builds or uses it
    country: str = ""  # id of its location
    cooling: str = ""  # "air", "liquid" or "hybrid"; empty if unknown
    count_basis: str = ""  # one of BASES: where the count of devices comes from
    power_basis: str = ""  # one of BASES: where the power comes from


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """An observation, forecast or announcement of a site at a date; texts are compared with it."""

    name: str
    site: str
    date: str
    status: str  # "seen", "forecast" or "announced"
    num_devices: Equivalents
    facility_power: SitePower
    it_power: SitePower
    capex: Capital
    h100_equivalents: Equivalents  # 8-bit dense
    vintage: str = ""  # when it was published, if that is another time
    count_basis: str = ""  # one of BASES: where the count of devices comes from

    @property
    def title(self) -> str:
        """Site, status and date."""
        return f"{self.site}, {self.status} {self.date}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """Dollars for one unit of a currency on a day."""

    name: str
    currency: str  # its code of three letters
    date: str
    rate: Annotated[Fact[Real], Unit("USD"), Bounds("$0.000001", "$1000")]

    @property
    def title(self) -> str:
        """Currency and date."""
        return f"one {self.currency} on {self.date}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """The world's AI chips at a date, as published, and what the calendar year before made for them."""

    name: str
    date: str
    status: str  # "seen" or "forecast"
    h100_equivalents: Equivalents  # ever delivered, 8-bit dense
    facility_power: SitePower
    yearly_capex: Capital  # on machines and buildings for AI in the calendar year
    packaging: Equivalents = field(default_factory=_unpublished("1"))  # wafers of advanced packaging in the year
    memory: Shipments = field(default_factory=_unpublished("B"))  # high-bandwidth memory that was shipped in the year

    @property
    def title(self) -> str:
        """Status and date."""
        return f"AI chips of the world, {self.status} {self.date}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company that builds, buys or supplies; its aliases are the names that texts use."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPrice:
    """Price of a provider for one device for one hour."""

    name: str
    accelerator: str
    provider: str
    term: str  # on-demand, 1-year, ...
    date: str
    price: HourlyPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class Supercomputer:
    """An entry of a TOP500 list: FP64 HPL, never compared with another precision without a mark.

    The dense peak in another precision is that of its devices, where both are known.
    """

    name: str
    title: str
    list_date: str
    rmax: Annotated[FlopRate, Bounds("1 TFLOP/s", "1000 ZFLOP/s")]
    rpeak: Annotated[FlopRate, Bounds("1 TFLOP/s", "1000 ZFLOP/s")]
    power: SitePower  # mean while HPL runs, as submitted
    hpl_mxp: Annotated[FlopRate, Bounds("1 TFLOP/s", "1000 ZFLOP/s")]  # the same system in mixed precision
    h100_equivalents: Equivalents  # 8-bit dense, where published
    num_devices: Equivalents
    accelerator: str = ""  # id of its device; empty if it has none, or the catalogue does not know it


def _unlisted() -> Text:
    """What a stack does not list is open."""
    return Fact(path="", content=None)


#: Kernels of attention in the words of `Stack`. ``flash`` is FlashAttention; ``torch-sdpa`` what PyTorch chooses;
#: ``torch`` writes scores, their softmax and dropout one by one; ``fused-megatron`` fuses scale, mask and softmax.
ATTENTION_KERNELS = (
    *("device", "flash-1", "flash-2", "flash-3", "cudnn", "torch-sdpa", "torch"),
    *("fused-megatron", "splash", "flex", "xformers"),
)
#: Families whose tensor cores are those of Blackwell or their successors.
BLACKWELL = ("blackwell", "rubin", "feynman")
#: How tokens reach their experts: every copy for itself, every token on every device, or one copy to a device.
DISPATCHERS = ("all-to-all", "all-gather", "deepep", "hybridep")
#: Those that write the matrix of scores to memory.
UNFUSED_ATTENTION = ("torch", "fused-megatron")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A profile of training software: what it overlaps, fuses and keeps, and its defaults.

    The numbers are fitted to measured runs, at most four of them per stack; words and flags are facts that its
    documentation or source states.
    """

    name: str
    title: str
    overlap_tensor_parallel: Share  # share of each communication that hides behind compute
    overlap_expert_parallel: Share
    overlap_data_parallel: Share
    overlap_pipeline_parallel: Share
    overlap_offload: Share = field(
        default_factory=_none_hidden
    )  # share of the traffic with the host's memory that hides
    kernel_share: Rate = field(default_factory=_usual_rate)  # rate of its products and attention over the usual
    memory_share: Rate = field(default_factory=_usual_rate)  # rate of its kernels bound by memory over the usual
    attention_share: Rate = field(
        default_factory=_usual_rate
    )  # rate of its attention over the usual, times kernel_share
    expert_time: Latency = field(default_factory=_no_time)  # of the host, per grouped product and expert of a device
    release: str = "2025-01"  # year and month; kernels for devices since Hopper become faster by the release
    attention: str = "device"  # kernel of attention; "device": written for it
    attention_format: str = "bf16"  # of its products; fp8: 8 bits
    dispatcher: str = "all-to-all"  # of tokens to their experts; deepep and hybridep send one copy to a device
    saturates_links: bool = False  # true: its kernels send tokens to experts at the rate of large collectives
    pads_experts: bool = False  # true: for products of 8 bits tokens are copied to whole tiles, and back
    waits_for_sizes: bool = True  # false: the host need not know how many tokens each expert has, or knows in advance
    overlaps_experts: bool = False  # true: tokens travel to experts while another micro-batch computes
    fuses_experts: bool = False  # true: grouped products quantise their results and apply the activation function
    compiled: bool = False  # true: a compiler makes its kernels, from a graph of a layer or of all
    compiles_experts: bool = True  # false: models with experts have the loss compiled alone
    stops_early: bool = False  # true: full recomputation leaves out the last product of a layer, as not needed
    has_graphs: bool = False  # true: the host launches graphs of kernels, of all but the experts
    low_precision_head: bool = False  # true: the product of the vocabulary head runs in the precision of the job
    low_precision_gather: bool = False  # true: weights of linear layers are gathered in the precision of the job
    low_precision_dispatch: bool = False  # true: tokens travel to experts in the precision of the job
    graphs_experts: bool = False  # true: the graphs include the experts, whose loads stay on the device
    interleaves: bool = True  # true: pipelines have virtual stages, unless a run states their number
    accumulates: bool = True  # false: all sequences of a device are one micro-batch
    offloads_inputs: bool = False  # under full recompute the inputs of layers are in the host's memory
    tiles_vocabulary: bool = False  # head and loss process the sequence in pieces
    fused_norms: bool = True  # false: norms run function by function, and save what each needs
    fused_activations: bool = True  # the same for rotary embeddings and gated activations
    loss: str = "vocabulary-parallel"  # torch: PyTorch's, on the whole vocabulary; fused: one kernel
    gradients: str = "usual"  # bf16, fp32: width in memory; usual: the catalogue's, or BF16 where that does not fit
    selective: str = "usual"  # modules that selective recomputation computes again, of lindos.step.selective
    gathers: str = "next-layer"  # of sharded parameters: those of one layer and the next; layer; matrix
    regathers: bool = True  # false: under sequence parallelism inputs of products are saved whole
    keeps_gathered: bool = False  # sharded parameters stay whole between the micro-batches of a pipeline
    segments: str = "expandable"  # of the allocator; fixed: PyTorch's default
    splits_experts: bool = False  # true: tensor parallelism splits experts, unless a run states otherwise
    sequence_parallel: bool = True  # together with tensor parallelism, unless a run states otherwise
    sharding: str = "optimizer"
    schedule: str = "one-f-one-b"
    recompute: str = "least"  # unless a run states it; "least": the least that fits
    # What it ships: words, comma between them. Nothing is known where a list is left out, and nothing ruled out.
    schedules: Text = field(default_factory=_unlisted)  # one-f-one-b, interleaved, zero-bubble, dual-pipe
    parallelism: Text = field(default_factory=_unlisted)  # degrees that may be above one; none: data parallel alone
    shardings: Text = field(default_factory=_unlisted)
    recomputes: Text = field(default_factory=_unlisted)
    offloads: Text = field(default_factory=_unlisted)
    formats: Text = field(default_factory=_unlisted)  # that it trains in
    stage_layers: Text = field(default_factory=_unlisted)  # of pipeline stages: equal, or any
    sources: tuple[str, ...] = ()

    @property
    def fused_attention(self) -> bool:
        """Whether attention keeps no matrix of scores in memory."""
        return self.attention not in UNFUSED_ATTENTION


Parameters: TypeAlias = Mapping[str, Fact[Real]]
