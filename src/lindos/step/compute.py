"""Time of one device in the operators of one micro-batch, without communication."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from lindos.catalog.records import Accelerator, Kernels
from lindos.formats import BF16, number_format
from lindos.formulas.roofline import (
    attention_efficiency,
    matmul_efficiency,
    roofline_time,
    shared_waves,
    split_waves,
)
from lindos.problem.cluster import Pool
from lindos.quantities import Bytes, BytesPerSecond, Count, FlopPerSecond, Fraction, Joules, Real, Seconds
from lindos.step.clocks import powered_rate
from lindos.step.layout import Layout, select
from lindos.transformer.operators import Kind, Operator, Split

#: Backward attention computes 5 products and forward attention 2: backward computes the scores again.
ATTENTION_BACKWARD = 2.5
#: Backward scans compute the states of chunks again, and two products for each of the forward pass.
SCAN_BACKWARD = 2.5
#: Rows and columns of a tile, and processors.
Tiling: TypeAlias = tuple[Count, Count, Count]
#: Bytes of an FP32 weight gradient that is read and written as micro-batches add up.
ACCUMULATE = 4 + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """Attainable rates of matrix products in one precision on one device."""

    share: Fraction  # part of the products of a layer that runs in this precision
    rate: FlopPerSecond
    size: Bytes  # of one number
    fill_depth: Count
    partial_wave: Count | None  # None if the library runs whole waves only
    split_depth: Count
    half_tile_loss: Fraction

    def waves(self, rows: Count, columns: Count, depth: Count, matrices: Count, tiling: Tiling) -> Count:
        """Count the waves of tiles of a group of products."""
        if self.partial_wave is not None:
            return shared_waves(rows, columns, matrices, *tiling, self.partial_wave)
        return split_waves(rows, columns, depth, matrices, *tiling, self.split_depth, self.half_tile_loss)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Attainable rates of the kernels of one device in one job."""

    low: tuple[Products, ...]  # linear layers
    bf16: tuple[Products, ...]  # products that stay in BF16 under every precision of the job
    attention_forward: FlopPerSecond
    attention_backward: FlopPerSecond
    attention_partial_wave: Count
    attention_fill_keys: Count
    attention_softmax_dim: Count
    scan: FlopPerSecond
    memory: BytesPerSecond
    operands: BytesPerSecond
    launch: Seconds
    tile_rows: Count
    tile_columns: Count
    num_processors: Count
    burst: Fraction
    quantise_bytes: Bytes  # moved to quantise one number in both layouts


def rates(
    pool: Pool,
    precision: str,
    *,
    share: Fraction,
    memory_share: Fraction,
    scan_share: Fraction = 1.0,
    bf16_share: Fraction | None = None,
    low_share: Fraction = 1.0,
    energy: Joules = 0.0,
) -> Rates:
    """Compute the attainable rates of the devices of a pool inside a step.

    Parameters
    ----------
    pool
        Equal devices with their kernels.
    precision
        Precision of the job, one of :data:`lindos.formats.TRAINING`.
    share
        Rate of products and attention inside a step over the measured rate of a lone kernel.
    memory_share
        The same ratio for kernels that memory bandwidth bounds.
    scan_share
        Rate of the kernels of recurrent layers over the BF16 peak.
    bf16_share
        Part of the linear layers that the recipe keeps in BF16; None if it keeps none.
    low_share
        Rate of products in ``precision`` over that of the measured kernels that represent them.
    energy
        Energy of the board for a FLOP of a product in 16 bits, in joules; zero where power sets no limit.

    Raises
    ------
    UnknownValueError
        If the device has no known peak in ``precision``, or a kernel parameter is unknown.
    """
    device, kernels = pool.accelerator, pool.kernels
    peak = device.peak_bf16.value
    bf16 = _products(device, kernels, "bf16", 1.0, share, energy)
    low: tuple[Products, ...] = (bf16,)
    if bf16_share is not None:
        part = _products(device, kernels, precision, 1 - bf16_share, share * low_share, energy)
        low = part, replace(bf16, share=bf16_share)
    elif precision != "bf16":
        low = (_products(device, kernels, precision, 1.0, share * low_share, energy),)
    size, reads = number_format(precision).size, number_format(precision).quantise_reads
    return Rates(
        low=low,
        bf16=(bf16,),
        attention_forward=peak * kernels.attention_forward.value * share,
        attention_backward=peak * kernels.attention_backward.value * share,
        scan=peak * scan_share * share,
        attention_partial_wave=kernels.attention_partial_wave.value,
        attention_fill_keys=kernels.attention_fill_keys.value,
        attention_softmax_dim=kernels.attention_softmax_dim.value,
        memory=device.memory_bandwidth.value * kernels.memory_fraction.value * memory_share,
        operands=device.memory_bandwidth.value * kernels.operand_fraction.value * memory_share,
        launch=kernels.launch_latency.value,
        tile_rows=kernels.tile_rows.value,
        tile_columns=kernels.tile_columns.value,
        # If the number of processors is unknown, one processor computes all tiles, so that no wave is partial.
        num_processors=device.num_processors.value if device.num_processors.is_known else 1.0,
        burst=kernels.burst.value,
        quantise_bytes=reads * BF16 + (2 * size if reads else 0.0),
    )


def _products(
    device: Accelerator, kernels: Kernels, precision: str, of_layer: Fraction, share: Fraction, energy: Joules
) -> Products:
    partial = kernels.of_format("partial_wave", precision)
    return Products(
        share=of_layer,
        rate=powered_rate(
            device.peak(precision).value * kernels.matmul(precision).value * share, device, precision, energy
        ),
        size=number_format(precision).size,
        fill_depth=kernels.of_format("fill_depth", precision).value,
        partial_wave=partial.value if partial.is_known else None,
        split_depth=0.0 if partial.is_known else kernels.split_depth.value,
        half_tile_loss=0.0 if partial.is_known else kernels.half_tile_loss.value,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorTime:
    """Time of one row of the table on one device: one micro-batch, all layers of the row, no pipeline split."""

    operator: Operator
    forward: Seconds
    backward_input: Seconds
    backward_weight: Seconds
    quantise: Seconds  # conversion from BF16 to the precision of the job in both passes; not in the times above

    def at_rate(self, share: Fraction) -> "OperatorTime":
        """Return the row at a ``share`` of its rate."""
        return OperatorTime(
            operator=self.operator,
            forward=self.forward / share,
            backward_input=self.backward_input / share,
            backward_weight=self.backward_weight / share,
            quantise=self.quantise / share,
        )

    def frozen(self) -> "OperatorTime":
        """Return the row without the gradient of its weights, for which nothing is quantised along columns."""
        return replace(self, backward_weight=0.0 * self.backward_weight, quantise=self.quantise / 2)

    def longer(self, seconds: Seconds) -> "OperatorTime":
        """Return the row with each of its three products longer by ``seconds``."""
        return OperatorTime(
            operator=self.operator,
            forward=self.forward + seconds,
            backward_input=self.backward_input + seconds,
            backward_weight=self.backward_weight + seconds,
            quantise=self.quantise,
        )


def operator_times(table: tuple[Operator, ...], layout: Layout, rate: Rates, imbalance: Fraction) -> list[OperatorTime]:
    """Compute the time of every row of the operator table.

    Parameters
    ----------
    table
        Operators of the model.
    layout
        Layout of the job under a plan.
    rate
        Attainable rates of a device.
    imbalance
        Load of the busiest expert rank over the mean load.
    """
    return [_KINDS[row.kind](row, layout, rate, imbalance) for row in table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A matrix product as one device computes it: ``matrices`` of ``rows`` by ``columns`` over ``depth``."""

    rows: Count
    columns: Count
    depth: Count
    matrices: Count = 1.0


def product_times(product: Product, kinds: tuple[Products, ...], rate: Rates) -> tuple[Seconds, Seconds, Seconds]:
    """Compute the times of a product, of the gradient of its input and of the gradient of its weights.

    Parameters
    ----------
    product
        Matrix product of one device.
    kinds
        Precisions in which parts of the product run.
    rate
        Attainable rates of a device.

    Returns
    -------
    tuple of Seconds
        Forward, gradient of the input, gradient of the weights.
    """
    m, n, k, matrices = product.rows, product.columns, product.depth, product.matrices
    tiling = rate.tile_rows, rate.tile_columns, rate.num_processors

    def time(m: Count, n: Count, k: Count, output: float) -> Seconds:
        total: Seconds = 0.0
        for kind in kinds:
            waves = kind.waves(m, n, k, matrices, tiling)
            share = matmul_efficiency(m, n, k, matrices, waves, *tiling, kind.fill_depth, rate.burst)
            data = matrices * (kind.size * (m * k + n * k) + output * m * n)
            work = 2 * matrices * m * n * k
            total = total + kind.share * roofline_time(work, data, kind.rate * share, rate.operands, rate.launch)
        return total

    return time(m, n, k, BF16), time(m, k, n, BF16), time(n, k, m, ACCUMULATE)


def _local(row: Operator, layout: Layout) -> Product:
    """Compute the product of a row on one device."""
    columns, depth, t = row.columns, row.depth, layout.tensor_parallel
    if row.split is Split.NONE:
        return Product(rows=layout.sequence_tokens * row.rows, columns=columns, depth=depth)
    if row.split is Split.COLUMNS:
        return Product(rows=layout.tokens * row.rows, columns=columns / t, depth=depth)
    if row.split is Split.DEPTH:
        return Product(rows=layout.tokens * row.rows, columns=columns, depth=depth / t)
    local, shards = row.num_matrices / layout.expert_parallel, layout.expert_tensor_parallel
    return Product(
        rows=layout.rank_tokens * shards * row.rows / local,
        columns=columns / shards if row.expert_split is Split.COLUMNS else columns,
        depth=depth / shards if row.expert_split is Split.DEPTH else depth,
        matrices=local,
    )


def _gemm(row: Operator, layout: Layout, rate: Rates, imbalance: Fraction) -> OperatorTime:
    product = _local(row, layout)
    factor = row.count * (_busiest(layout, imbalance) if row.split is Split.EXPERTS else 1.0)
    forward, inputs, weight = product_times(product, rate.low if row.low_precision else rate.bf16, rate)
    moved = product.matrices * product.rows * (product.columns + product.depth)
    moved = moved * (rate.quantise_bytes if row.low_precision else 0.0)
    return OperatorTime(
        operator=row,
        forward=factor * forward,
        backward_input=factor * inputs,
        backward_weight=factor * weight,
        quantise=factor * moved / rate.memory,
    )


def _busiest(layout: Layout, imbalance: Fraction) -> Fraction:
    """Get the load of the busiest expert rank over the mean; a single rank with all experts has no imbalance."""
    return select(layout.expert_parallel > 1, imbalance, 1.0)


def _attention(row: Operator, layout: Layout, rate: Rates, imbalance: Fraction) -> OperatorTime:
    """Compute attention: blocks on the diagonal count whole; heads and query blocks fill the processors in waves."""
    heads = row.num_heads / layout.tensor_parallel
    waves = shared_waves(
        layout.tokens, 1.0, heads, rate.tile_rows, 1.0, rate.num_processors, rate.attention_partial_wave
    )
    keys = row.keys + rate.tile_rows / 2
    share = attention_efficiency(
        layout.tokens,
        keys,
        heads,
        row.head_dims / (2 * row.num_heads),
        waves,
        rate.tile_rows,
        rate.num_processors,
        rate.attention_fill_keys,
        rate.attention_softmax_dim,
    )
    work = 2 * keys * row.head_dims / layout.tensor_parallel * layout.tokens
    data = 2 * BF16 * row.head_dims / layout.tensor_parallel * layout.tokens
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


def _scan(row: Operator, layout: Layout, rate: Rates, imbalance: Fraction) -> OperatorTime:
    """Compute a scan: the longer of its products and its traffic, and the launches of its kernels."""
    tokens = layout.tokens / layout.tensor_parallel
    starts = (row.num_kernels - 1) * rate.launch
    forward = roofline_time(tokens * row.flop, tokens * row.forward_bytes, rate.scan, rate.memory, rate.launch)
    work, moved = SCAN_BACKWARD * tokens * row.flop, tokens * row.backward_bytes
    backward = roofline_time(work, moved, rate.scan, rate.memory, rate.launch)
    return OperatorTime(
        operator=row,
        forward=row.count * (forward + starts),
        backward_input=row.count * (backward + 2 * starts),
        backward_weight=0.0,
        quantise=0.0,
    )


def _elementwise(row: Operator, layout: Layout, rate: Rates, imbalance: Fraction) -> OperatorTime:
    tokens: Real = layout.sequence_tokens
    factor: Fraction = 1.0
    if row.split is Split.COLUMNS:
        tokens = layout.tokens / layout.tensor_parallel
    elif row.split in (Split.TOKENS, Split.EXPERTS):
        tokens, factor = layout.rank_tokens, _busiest(layout, imbalance)
    launch = row.num_kernels * rate.launch
    return OperatorTime(
        operator=row,
        forward=row.count * (factor * tokens * row.forward_bytes / rate.memory + launch),
        backward_input=row.count * (factor * tokens * row.backward_bytes / rate.memory + launch),
        backward_weight=0.0,
        quantise=0.0,
    )


_KINDS = {
    Kind.GEMM: _gemm,
    Kind.GROUPED_GEMM: _gemm,
    Kind.ATTENTION: _attention,
    Kind.SCAN: _scan,
    Kind.ELEMENTWISE: _elementwise,
    Kind.EMBEDDING: _elementwise,
}
