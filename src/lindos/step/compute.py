"""Time that one device spends in the operators of one micro-batch, without communication."""

from dataclasses import dataclass

from lindos.catalog.records import Accelerator, Kernels
from lindos.formulas.roofline import matmul_efficiency, roofline_time, wave_efficiency
from lindos.quantities import Bytes, BytesPerSecond, Count, FlopPerSecond, Fraction, Real, Seconds, namespace
from lindos.scenario.cluster import Pool
from lindos.step.layout import Layout, where
from lindos.step.operators import BF16, Operator

#: Bytes of one number in a linear layer's product, block scales included.
PRODUCT_BYTES = {"bf16": 2.0, "fp8": 1.0, "mxfp8": 1.0 + 1 / 32, "nvfp4": 0.5 + 1 / 16}
#: Times that a BF16 tensor is read to quantise it: per-tensor scales and Hadamard transforms need a pass of their own.
QUANTISE_READS = {"bf16": 0, "fp8": 2, "mxfp8": 1, "nvfp4": 2}
#: Backward attention does 5 products where forward does 2: it computes the scores again.
ATTENTION_BACKWARD = 2.5
#: Bytes of an FP32 weight gradient that is read and written as micro-batches add up.
ACCUMULATE = 4 + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What kernels of one device attain in one job."""

    low: FlopPerSecond  # linear layers
    bf16: FlopPerSecond
    attention_forward: FlopPerSecond
    attention_backward: FlopPerSecond
    memory: BytesPerSecond
    launch: Seconds
    tile_rows: Count
    tile_columns: Count
    num_processors: Count
    fill_depth: Count
    low_bytes: Bytes  # of one number of a linear layer
    quantise_bytes: Bytes  # moved to quantise one number, both ways round


def rates(pool: Pool, precision: str, *, share: Fraction, fill_depth: Count, bf16_share: Fraction) -> Rates:
    """Attainable rates of a pool's devices inside a step.

    ``share`` of the best measured rate of a kernel is reached there; ``bf16_share`` of NVFP4 layers stays in BF16.

    Raises
    ------
    UnknownValueError
        If the device has no known peak in ``precision``, or a kernel parameter is unknown.
    """
    device, kernels = pool.accelerator, pool.kernels
    peak = device.peak_bf16.value
    bf16 = peak * kernels.matmul_bf16.value * share
    size, reads = PRODUCT_BYTES[precision], QUANTISE_READS[precision]
    return Rates(
        low=_low_rate(device, kernels, precision, bf16, share, bf16_share),
        bf16=bf16,
        attention_forward=peak * kernels.attention_forward.value * share,
        attention_backward=peak * kernels.attention_backward.value * share,
        memory=device.memory_bandwidth.value * kernels.memory_fraction.value * share,
        launch=kernels.launch_latency.value,
        tile_rows=kernels.tile_rows.value,
        tile_columns=kernels.tile_columns.value,
        # Where nobody has counted them, waves are left out: every number of tiles fills one processor.
        num_processors=device.num_processors.value if device.num_processors.known else 1.0,
        fill_depth=fill_depth,
        low_bytes=size,
        quantise_bytes=reads * BF16 + (2 * size if reads else 0.0),
    )


def _low_rate(
    device: Accelerator, kernels: Kernels, precision: str, bf16: FlopPerSecond, share: Fraction, bf16_share: Fraction
) -> FlopPerSecond:
    if precision == "bf16":
        return bf16
    peak = device.peak(precision).value * share
    if precision != "nvfp4":
        return peak * kernels.matmul_fp8.value
    return 1 / ((1 - bf16_share) / (peak * kernels.matmul_fp4.value) + bf16_share / bf16)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorTime:
    """One row of the table with its time on one device: all layers that hold it, one micro-batch, no pipeline split."""

    operator: Operator
    forward: Seconds
    backward_input: Seconds
    backward_weight: Seconds
    quantise: Seconds  # part of neither: turning BF16 into the precision of the job, both passes


def operator_times(table: tuple[Operator, ...], at: Layout, rate: Rates, imbalance: Fraction) -> list[OperatorTime]:
    """Time of every row; ``imbalance`` is the busiest expert rank over the mean."""
    return [_KINDS[row.kind](row, at, rate, imbalance) for row in table]


def _gemm(row: Operator, at: Layout, rate: Rates, imbalance: Fraction) -> OperatorTime:
    columns: Count = row.columns
    depth: Count = row.depth
    rows: Count = at.tokens * row.rows
    matrices: Count = 1.0
    factor: Fraction = 1.0
    if row.split == "none":
        rows = at.sequence_tokens * row.rows
    elif row.split == "columns":
        columns = columns / at.tensor_parallel
    elif row.split == "depth":
        depth = depth / at.tensor_parallel
    else:
        local = row.num_matrices / at.expert_parallel
        rows = at.rank_tokens * at.expert_tensor_parallel * row.rows / local
        matrices, factor = local, _busiest(at, imbalance)
        columns = columns / at.expert_tensor_parallel if row.expert_split == "columns" else columns
        depth = depth / at.expert_tensor_parallel if row.expert_split == "depth" else depth
    speed, size = (rate.low, rate.low_bytes) if row.low_precision else (rate.bf16, float(BF16))

    def product(m: Count, n: Count, k: Count, output: float) -> Seconds:
        share = matmul_efficiency(
            m, n, k, matrices, rate.tile_rows, rate.tile_columns, rate.num_processors, rate.fill_depth
        )
        data = matrices * (size * (m * k + n * k) + output * m * n)
        return (
            row.count * factor * roofline_time(2 * matrices * m * n * k, data, speed * share, rate.memory, rate.launch)
        )

    moved = matrices * rows * (columns + depth) * (rate.quantise_bytes if row.low_precision else 0.0)
    return OperatorTime(
        operator=row,
        forward=product(rows, columns, depth, BF16),
        backward_input=product(rows, depth, columns, BF16),
        backward_weight=product(columns, depth, rows, ACCUMULATE),
        quantise=row.count * factor * moved / rate.memory,
    )


def _busiest(at: Layout, imbalance: Fraction) -> Fraction:
    """Load of the busiest expert rank over the mean; one rank that holds all experts has no imbalance."""
    return where(at.expert_parallel > 1, imbalance, 1.0)


def _attention(row: Operator, at: Layout, rate: Rates, imbalance: Fraction) -> OperatorTime:
    """Blocks on the diagonal are computed whole; heads and query blocks fill the processors in waves."""
    xp = namespace(at.tokens, rate.tile_rows)
    heads = row.num_heads / at.tensor_parallel
    tiles = xp.ceil(at.tokens / rate.tile_rows) * heads
    share = wave_efficiency(tiles, rate.num_processors)
    keys = row.keys + rate.tile_rows / 2
    work = 2 * keys * row.head_dims / at.tensor_parallel * at.tokens
    data = 2 * BF16 * row.head_dims / at.tensor_parallel * at.tokens
    forward = roofline_time(work, data, rate.attention_forward * share, rate.memory, rate.launch)
    backward = roofline_time(
        ATTENTION_BACKWARD * work, 2 * data, rate.attention_backward * share, rate.memory, rate.launch
    )
    return OperatorTime(
        operator=row,
        forward=row.count * forward,
        backward_input=row.count * backward,
        backward_weight=0.0,
        quantise=0.0,
    )


def _elementwise(row: Operator, at: Layout, rate: Rates, imbalance: Fraction) -> OperatorTime:
    tokens: Real = at.sequence_tokens
    factor: Fraction = 1.0
    if row.split == "columns":
        tokens = at.tokens / at.tensor_parallel
    elif row.split in ("tokens", "experts"):
        tokens, factor = at.rank_tokens, _busiest(at, imbalance)
    launch = row.num_kernels * rate.launch
    return OperatorTime(
        operator=row,
        forward=row.count * (factor * tokens * row.forward_bytes / rate.memory + launch),
        backward_input=row.count * (factor * tokens * row.backward_bytes / rate.memory + launch),
        backward_weight=0.0,
        quantise=0.0,
    )


_KINDS = {
    "gemm": _gemm,
    "grouped-gemm": _gemm,
    "attention": _attention,
    "elementwise": _elementwise,
    "embedding": _elementwise,
}
