"""What devices and serving software reach: rates of kernels, times that no work explains."""

from dataclasses import dataclass

from lindos.quantities import Bytes, BytesPerSecond, Count, FlopPerSecond, Fraction, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Attainable rates of a device and of its networks; a number, or an array over configurations."""

    memory: Bytes
    bandwidth: BytesPerSecond  # of the data sheet
    bf16: FlopPerSecond  # attained by large products
    fp8: FlopPerSecond  # zero where the device has no such products
    fp4: FlopPerSecond
    inner_bandwidth: BytesPerSecond  # of the scale-up network, attained
    outer_bandwidth: BytesPerSecond  # of the network between domains, attained
    domain: Count  # devices that the scale-up network joins
    launch: Seconds  # of one kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernels:
    """Shapes of serving kernels, fitted to measured kernels of few rows."""

    product_launch: Seconds
    product_quantised: Seconds  # more where operands are of 8 or 4 bits
    product_depth: Seconds  # more for each element of depth: one processor adds them one after another
    product_read: Fraction  # of memory bandwidth
    product_rows: Count  # rows that a product computes at least
    expert_launch: Seconds  # routing, permutation and both products
    expert_read: Fraction
    expert_rate: Fraction  # of the rate of large products
    expert_rows: Count  # rows that each expert is filled up to, in the mean
    core_launch: Seconds  # of attention over a cache
    core_read: Fraction
    core_rate: Fraction  # of the rate of large products in 16 bits
    latent_launch: Seconds
    latent_read: Fraction
    latent_rate: Fraction
    reduce_latency: Seconds  # of a small all-reduce of two devices
    reduce_step: Seconds  # more for each doubling of the devices
    reduce_ramp: Seconds  # most that a long all-reduce takes more, until its pieces fill the network
    reduce_half: Bytes  # message of half of that
    reduce_share: Fraction  # of the bandwidth of the scale-up network
    exchange_latency: Seconds  # of a small all-to-all
    exchange_share: Fraction  # of the bandwidth of the scale-up network


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """One serving software, fitted to measured runs: times over those of its kernels."""

    step: Seconds  # scheduling, sampling and launch of a step
    sequence: Seconds  # more for each sequence of a step
    layer: Seconds  # norms, rotation and gaps of a layer
    quantised_layer: Seconds  # more where its products are of 8 or 4 bits
    blocked_layer: Seconds  # more where 8-bit numbers are scaled in blocks, as in mixtures of experts
    expert_layer: Seconds  # more where it has experts: routing and permutation
    latent_layer: Seconds  # more where its attention is latent
    product: Fraction  # time of products over that of the kernels alone
    expert: Fraction
    core: Fraction
    exchange: Fraction
    prompt: Fraction  # time of reading prompts over that of the kernels alone
    interference: Fraction  # of the prompts read while a sequence is written, those that delay it
    arrival: Seconds  # until a request is scheduled: network, tokens, queue of the server
    waiting: Fraction  # wait for other prompts over that of a queue with even service
