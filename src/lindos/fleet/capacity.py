"""Memory of an engine: weights, caches in blocks of 16 tokens, and what is kept free for a step."""

from lindos.fleet.engine import Grid
from lindos.fleet.work import Work
from lindos.formats import BF16, number_format
from lindos.quantities import Bytes, Count, Fraction, namespace

#: Tokens of a block of the cache, as in vLLM.
BLOCK = 16


def weights_per_device(work: Work, grid: Grid) -> Bytes:
    """Compute the memory of the weights on one device.

    Parameters
    ----------
    work
        The model in its formats.
    grid
        How devices share it; groups of data repeat all weights but the experts.
    """
    xp = namespace(grid.tensor, grid.expert)
    split = work.product_bytes(True) + work.embedding
    experts = work.expert_bytes / xp.maximum(grid.expert * grid.expert_tensor, 1.0)
    content: Bytes = (split / grid.tensor + work.product_bytes(False) + experts) / grid.pipeline
    return content


def cache_per_sequence(work: Work, grid: Grid, context: Count) -> Bytes:
    """Compute the memory of one sequence's cache on one device of its group, in whole blocks.

    Parameters
    ----------
    work
        The model in its formats.
    grid
        How devices share it; heads are split, and repeated where there are fewer heads than devices.
    context
        Tokens of the sequence.
    """
    xp = namespace(context, grid.tensor)
    blocks = xp.ceil(context / BLOCK) * BLOCK
    heads = min((core.num_kv_heads for core in work.cores if core.cached_dims), default=1)
    shared = xp.minimum(grid.tensor, heads)
    numbers = work.cached_numbers(blocks) / shared / grid.pipeline
    states = work.state_bytes / grid.tensor / grid.pipeline
    size: Bytes = numbers * number_format(work.cache_precision).size + states
    return size


def room(work: Work, grid: Grid, memory: Bytes, share: Fraction, step_tokens: Count = 8192.0) -> Bytes:
    """Compute the memory of one device that is left for caches.

    Parameters
    ----------
    work
        The model in its formats.
    grid
        How devices share it.
    memory
        Of one device.
    share
        Part of the memory that the engine may use.
    step_tokens
        Most tokens of a step, whose activations need room.
    """
    widest = work.hidden_size * _ACTIVATIONS + work.vocab_size / 64
    left: Bytes = memory * share - weights_per_device(work, grid) - step_tokens * widest * BF16 / grid.pipeline
    return left


#: Hidden states of a token that live at one time: residual, normalised, both sides of the widest product.
_ACTIVATIONS = 8


def most_sequences(work: Work, grid: Grid, memory: Bytes, share: Fraction, context: Count) -> Count:
    """Compute how many sequences an engine holds at one time; zero where not even one fits.

    Parameters
    ----------
    work
        The model in its formats.
    grid
        How devices share it.
    memory
        Of one device.
    share
        Part of the memory that the engine may use.
    context
        Tokens that a sequence has in the end.
    """
    xp = namespace(context, grid.tensor, memory)
    free = room(work, grid, memory, share)
    content = xp.floor(xp.maximum(free, 0.0) / cache_per_sequence(work, grid, context))
    sequences: Count = content * grid.data
    return sequences
