r"""One step of a serving engine: sequences that get a token each, and a chunk of prompts beside them.

The time is the sum over the layers of products, experts, attention and exchanges, each by roofline of kernels of few
rows, plus what the software adds. All arguments may be arrays: every configuration at once.
"""

from dataclasses import dataclass
from typing import Any

from lindos.fleet.rates import Kernels, Rates, Software
from lindos.fleet.work import Core, Experts, Product, Work
from lindos.formats import BF16, number_format
from lindos.formulas.transformer import distinct_targets
from lindos.quantities import Count, Seconds, namespace
from lindos.transformer.operators import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """How the devices of one engine share the model.

    Attention is split over ``tensor`` devices, and ``data`` groups of them have sequences of their own. Experts are
    split over ``expert`` devices, and each over ``expert_tensor``; layers over ``pipeline`` stages.
    """

    tensor: Count
    data: Count
    expert: Count
    expert_tensor: Count
    pipeline: Count

    @property
    def size(self) -> Count:
        """Devices of the engine."""
        return self.tensor * self.data * self.pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one step computes, over the whole engine."""

    sequences: Count  # that get a token
    context: Count  # tokens that each of them has, in the mean
    prompt: Count = 0.0  # tokens of prompts that are read
    prefix: Count = 0.0  # tokens that stand before those, in the mean


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """Parts of the time of a step."""

    products: Seconds
    experts: Seconds
    cores: Seconds
    prompts: Seconds  # attention of the prompts
    exchanges: Seconds
    software: Seconds

    @property
    def total(self) -> Seconds:
        """Time of the step."""
        return self.products + self.experts + self.cores + self.prompts + self.exchanges + self.software


def step_time(work: Work, grid: Grid, batch: Batch, rates: Rates, kernels: Kernels, software: Software) -> StepTime:
    """Estimate the time of one step of an engine.

    Parameters
    ----------
    work
        The model in its formats.
    grid
        How the devices share it.
    batch
        Sequences and prompts of the step.
    rates, kernels, software
        What devices, kernels and software reach.

    Returns
    -------
    StepTime
        With pipelining the time of all stages: a token passes through them all.
    """
    tokens = (batch.sequences + batch.prompt) / grid.data  # of one group
    products: Seconds = 0.0
    for row in work.products:
        products = products + row.count * _product_time(row, tokens, batch, grid, rates, kernels)
    experts: Seconds = 0.0
    if work.experts is not None:
        everything = batch.sequences + batch.prompt
        experts = work.experts.count * _expert_time(work.experts, everything, grid, rates, kernels)
    cores: Seconds = 0.0
    prompts: Seconds = 0.0
    size = number_format(work.cache_precision).size
    for core in work.cores:
        cores = cores + core.count * _core_time(core, batch, grid, rates, kernels, size)
        prompts = prompts + core.count * _prompt_time(core, batch, grid, rates, kernels)
    exchanges = _exchange_time(work, tokens, grid, rates, kernels)
    return StepTime(
        products=software.product * products,
        experts=software.expert * experts,
        cores=software.core * cores,
        prompts=software.core * prompts,
        exchanges=software.exchange * exchanges,
        software=software.step + software.sequence * batch.sequences / grid.data + _layers_time(work, software),
    )


def _layers_time(work: Work, software: Software) -> Seconds:
    """Time of small kernels and gaps between kernels, of all layers."""
    of_layer = software.layer + (software.quantised_layer if work.is_quantised else 0.0)
    time = work.num_layers * (of_layer + (software.blocked_layer if work.is_blocked else 0.0))
    moe = 0.0 if work.experts is None else work.experts.count
    latent = sum(core.count for core in work.cores if core.is_latent)
    return time + moe * software.expert_layer + latent * software.latent_layer


def _rate(precision: str, rates: Rates) -> Any:
    """Rate of products of a format: that of the narrowest format of at least as many bits that the device has."""
    xp = namespace(rates.bf16, rates.fp8, rates.fp4)
    bits = number_format(precision).bits
    rate = rates.bf16
    if bits <= 8:
        rate = xp.where(rates.fp8 > 0, rates.fp8, rate)
    if bits <= 4:
        rate = xp.where(rates.fp4 > 0, rates.fp4, rates.bf16)
    return rate


def _product_time(row: Product, tokens: Count, batch: Batch, grid: Grid, rates: Rates, kernels: Kernels) -> Seconds:
    xp = namespace(tokens, grid.tensor, rates.bandwidth)
    columns = row.columns / grid.tensor if row.split is Split.COLUMNS else row.columns
    depth = row.depth / grid.tensor if row.split is Split.DEPTH else row.depth
    rows = tokens
    if row.columns >= _VOCABULARY * row.depth:  # the head computes the last token of a prompt alone
        rows = batch.sequences / grid.data + 1.0
    size = number_format(row.precision).size
    read = size * columns * depth + BF16 * rows * (columns + depth)
    flop = 2 * xp.maximum(rows, kernels.product_rows) * columns * depth
    fixed = kernels.product_launch + kernels.product_depth * depth
    if number_format(row.computed_in).bits <= _EIGHT_BITS:
        fixed = fixed + kernels.product_quantised
    reading = read / (rates.bandwidth * kernels.product_read)
    time: Seconds = fixed + xp.hypot(reading, flop / _rate(row.computed_in, rates))
    return time


_EIGHT_BITS = 8
#: A product with so many more columns than depth is the head of the vocabulary.
_VOCABULARY = 8


def _expert_time(rows: Experts, tokens: Count, grid: Grid, rates: Rates, kernels: Kernels) -> Seconds:
    """Time of the busiest device in the experts of one layer."""
    xp = namespace(tokens, grid.expert, rates.bandwidth)
    pairs = tokens * rows.per_token / grid.expert  # of one rank
    touched = distinct_targets(rows.number, tokens * rows.per_token) / grid.expert
    inner = rows.inner_size / grid.expert_tensor
    size = number_format(rows.precision).size
    read = touched * rows.matrices * rows.hidden_size * inner * size
    read = read + pairs * BF16 * (2 * rows.hidden_size + rows.matrices * inner)
    flop = 2 * rows.matrices * rows.hidden_size * inner * (pairs + touched * kernels.expert_rows)
    rate = _rate(rows.computed_in, rates) * kernels.expert_rate
    time: Seconds = kernels.expert_launch + xp.hypot(read / (rates.bandwidth * kernels.expert_read), flop / rate)
    return time


def _core_time(core: Core, batch: Batch, grid: Grid, rates: Rates, kernels: Kernels, size: float) -> Seconds:
    """Time of attention of one layer over the caches of the sequences."""
    xp = namespace(batch.sequences, batch.context, grid.tensor, rates.bandwidth)
    seen = xp.minimum(batch.context, core.window) if core.window else batch.context
    sequences = batch.sequences / grid.data
    if core.state:  # read and written once a step, and computed in passing
        moved = 2 * sequences * core.state / grid.tensor
        scanned: Seconds = kernels.core_launch + moved / (rates.bandwidth * kernels.core_read)
        return scanned
    heads = xp.maximum(core.num_kv_heads / grid.tensor, 1.0)
    read = sequences * seen * heads * core.head_dims * size
    queries = xp.maximum(core.num_heads / grid.tensor, 1.0)
    flop = 2 * sequences * seen * queries * core.query_dims
    if core.is_latent:
        launch, reached, share = kernels.latent_launch, kernels.latent_read, kernels.latent_rate
    else:
        launch, reached, share = kernels.core_launch, kernels.core_read, kernels.core_rate
    time: Seconds = launch + xp.hypot(read / (rates.bandwidth * reached), flop / (rates.bf16 * share))
    return time


def _prompt_time(core: Core, batch: Batch, grid: Grid, rates: Rates, kernels: Kernels) -> Seconds:
    """Time of attention of one layer among the tokens of prompts, and over those that stand before them."""
    xp = namespace(batch.prompt, batch.prefix, grid.tensor, rates.bandwidth)
    seen = xp.minimum(batch.prefix, core.window) if core.window else batch.prefix
    flop = 2 * batch.prompt / grid.data * seen * core.num_heads / grid.tensor * core.prompt_dims
    return flop / (rates.bf16 * _PROMPT_RATE)


#: Rate of attention among the tokens of a prompt over that of products, near that of FlashAttention.
_PROMPT_RATE = 0.6


def _exchange_time(work: Work, tokens: Count, grid: Grid, rates: Rates, kernels: Kernels) -> Seconds:
    """Time of all exchanges: two sums of a layer, and two exchanges with experts on other devices."""
    xp = namespace(tokens, grid.tensor, grid.expert, rates.inner_bandwidth)
    moe = 0.0 if work.experts is None else work.experts.count
    message = tokens * work.hidden_size * BF16
    # With experts over groups of data, the feed-forward needs no sum but an exchange.
    sums = work.num_layers + xp.where(grid.data > 1, work.num_layers - moe, work.num_layers)
    bandwidth = xp.where(grid.tensor <= rates.domain, rates.inner_bandwidth, rates.outer_bandwidth)
    share = (grid.tensor - 1) / grid.tensor
    reduced = (
        kernels.reduce_latency
        + kernels.reduce_step * xp.log2(xp.maximum(grid.tensor, 1.0) / 2.0)
        + kernels.reduce_ramp * message / (message + kernels.reduce_half)
        + 2 * share * message / (bandwidth * kernels.reduce_share)
    )
    time: Seconds = xp.where(grid.tensor > 1, sums * reduced, 0.0)
    if work.experts is None:
        return time
    exchange = moe * 2 * _all_to_all(work.experts, tokens, grid, rates, kernels)
    whole: Seconds = time + xp.where(grid.data > 1, exchange, 0.0)
    return whole


def _all_to_all(rows: Experts, tokens: Count, grid: Grid, rates: Rates, kernels: Kernels) -> Seconds:
    """Time in which a device sends its tokens to experts, or gets them back."""
    xp = namespace(tokens, grid.expert, rates.inner_bandwidth)
    ranks = xp.minimum(grid.expert, rows.per_token)
    sent = tokens / grid.tensor * ranks * rows.hidden_size * BF16
    far = xp.maximum(grid.expert - rates.domain, 0.0) / grid.expert
    near = sent * (1 - far) / (rates.inner_bandwidth * kernels.exchange_share)
    time: Seconds = kernels.exchange_latency + near + sent * far / rates.outer_bandwidth
    return time
