"""What an engine computes for a token: products, experts and attention of a model, in the number formats of serving."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from lindos.catalog.mixers import Attention, Mixer
from lindos.catalog.model import Model
from lindos.errors import InputError
from lindos.formats import BF16, SERVING, number_format
from lindos.quantities import Bytes, Count, namespace
from lindos.results import Why
from lindos.transformer.composition import of_model
from lindos.transformer.mixers import kind_of
from lindos.transformer.mixers.attention import heads_of
from lindos.transformer.operators import Kind, Operator, Role, Split
from lindos.transformer.table import operators, shape

#: Formats of four bits: mixtures of experts keep all but their experts in 16 bits, as published checkpoints do.
_FOUR_BITS = 4
_EIGHT_BITS = 8
#: A cached number: vLLM and SGLang keep 16 bits unless told otherwise.
CACHE_FORMATS = ("bf16", "fp8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One matrix product of a layer: ``columns`` over ``depth``, in as many layers as ``count``."""

    columns: float
    depth: float
    count: float
    split: Split  # what tensor parallelism divides; NONE where every rank has the whole
    precision: str
    computed_in: str  # format of the operands: wider than that of the weights where those alone are quantised
    is_attention: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """Routed experts of as many layers as ``count``."""

    count: float
    number: int
    per_token: int
    hidden_size: int
    inner_size: int
    matrices: int  # of one expert: three with a gate
    precision: str
    computed_in: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """Scores and weighted sums of as many layers as ``count``, and the cache that they read."""

    count: float
    num_heads: int
    num_kv_heads: int  # one under latent attention
    head_dims: float = 0.0  # keys and values of one head that a query reads, numbers of a token
    cached_dims: float = 0.0  # the same that the cache holds: none of a layer that shares an earlier one's
    query_dims: float = 0.0  # multiplied per query head and cached token
    prompt_dims: float = 0.0  # the same while a prompt is read, where latent attention is not absorbed
    window: int = 0  # tokens that a query reads at most; zero for all
    cached_tokens: int = 0  # tokens that the cache holds at most; zero for all
    is_latent: bool = False
    state: float = 0.0  # bytes of a sequence that a recurrence reads and writes in a step


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A model as an engine computes it, in one format of weights and one of the cache."""

    name: str
    precision: str
    cache_precision: str
    num_layers: int
    hidden_size: int
    vocab_size: int
    products: tuple[Product, ...]
    experts: Experts | None
    cores: tuple[Core, ...]
    num_params: Annotated[Count, Why("all parameters in memory")]
    embedding: Annotated[Bytes, Why("of the embedding table")]

    @property
    def is_quantised(self) -> bool:
        """Whether products of the layers are of 8 or 4 bits, so that their inputs are quantised."""
        return number_format(self.precision).bits <= _EIGHT_BITS

    @property
    def is_blocked(self) -> bool:
        """Whether 8-bit numbers are scaled in blocks: checkpoints of mixtures of experts are, others by tensor."""
        return self.experts is not None and number_format(self.precision).bits == _EIGHT_BITS

    @property
    def expert_bytes(self) -> Bytes:
        """Memory of all routed experts."""
        rows = self.experts
        if rows is None:
            return 0.0
        numbers = rows.count * rows.number * rows.matrices * rows.hidden_size * rows.inner_size
        return float(numbers * number_format(rows.precision).size)

    def product_bytes(self, split: bool) -> Bytes:
        """Memory of products that tensor parallelism divides, or of those that it does not."""
        chosen = [row for row in self.products if (row.split is not Split.NONE) == split]
        return float(sum(row.count * row.columns * row.depth * number_format(row.precision).size for row in chosen))

    @property
    def weights(self) -> Bytes:
        """Memory of all weights."""
        return self.expert_bytes + self.product_bytes(True) + self.product_bytes(False) + self.embedding

    def cached_numbers(self, context: Count) -> Count:
        """Numbers that one sequence keeps, before tensor parallelism splits heads."""
        xp = namespace(context)
        total: Count = 0.0
        for core in self.cores:
            stored = xp.minimum(context, core.cached_tokens) if core.cached_tokens else context
            total = total + core.count * core.num_kv_heads * core.cached_dims * stored
        return total

    @property
    def state_bytes(self) -> Bytes:
        """States of all recurrences of one sequence."""
        return float(sum(core.count * core.state for core in self.cores))


def work_of(
    model: Model,
    precision: str,
    cache_precision: str = "bf16",
    linear_precision: str = "",
    *,
    weights_only: bool = False,
) -> Work:
    """List the work of a model in an engine.

    Parameters
    ----------
    model
        Architecture of the catalogue.
    precision
        Number format of the weights.
    cache_precision
        Number format of cached keys and values.
    linear_precision
        Format of products outside the experts; by default that of the weights, or 16 bits beside experts of 4 bits.
    weights_only
        Whether weights alone are quantised, and products run in 16 bits.

    Returns
    -------
    Work
        Products, experts and attention, each with its format.

    Raises
    ------
    InputError
        If a precision is unknown.
    """
    if precision not in SERVING:
        raise InputError("inference.precision", precision, f"one of {', '.join(SERVING)}")
    if cache_precision not in CACHE_FORMATS:
        raise InputError("inference.cache_precision", cache_precision, f"one of {', '.join(CACHE_FORMATS)}")
    return _work(shape(model), precision, cache_precision, linear_precision, weights_only)


@cache
def _work(model: Model, precision: str, cache_precision: str, linear_precision: str, weights_only: bool) -> Work:
    table = operators(model, sequence_length=1, mtp=False)
    linear = linear_precision or precision
    if not linear_precision and model.num_experts and number_format(precision).bits == _FOUR_BITS:
        linear = "bf16"
    products = tuple(_product(row, linear, weights_only) for row in table if row.kind is Kind.GEMM)
    embedding = sum(row.params for row in table if row.kind is Kind.EMBEDDING) * BF16
    return Work(
        name=model.name,
        precision=precision,
        cache_precision=cache_precision,
        num_layers=model.num_layers,
        hidden_size=model.hidden_size,
        vocab_size=model.vocab_size,
        products=products,
        experts=_experts(model, table, precision, weights_only),
        cores=_cores(model),
        num_params=float(sum(row.params for row in table)),
        embedding=0.0 if model.tied_embeddings else float(embedding),
    )


def _product(row: Operator, linear: str, weights_only: bool) -> Product:
    precision = linear if row.low_precision else "bf16"
    return Product(
        columns=float(row.columns),
        depth=float(row.depth),
        count=float(row.count),
        split=row.split,
        precision=precision,
        computed_in="bf16" if weights_only else precision,
        is_attention=row.role is Role.ATTENTION,
    )


def _experts(model: Model, table: tuple[Operator, ...], precision: str, weights_only: bool) -> Experts | None:
    grouped = [row for row in table if row.kind is Kind.GROUPED_GEMM]
    if not grouped:
        return None
    return Experts(
        count=float(grouped[0].count),
        number=model.num_experts,
        per_token=model.experts_per_token,
        hidden_size=model.hidden_size,
        inner_size=model.expert_ffn_hidden_size,
        matrices=3 if model.gated else 2,
        precision=precision,
        computed_in="bf16" if weights_only else precision,
    )


def _cores(model: Model) -> tuple[Core, ...]:
    """List attention and recurrences by kind of layer."""
    return tuple(_core(model, mixer, float(count)) for mixer, count in of_model(model).mixers)


def _core(model: Model, mixer: Mixer, count: float) -> Core:
    stored = kind_of(mixer).cache(mixer, model)
    if not isinstance(mixer, Attention):
        return Core(count=count, num_heads=1, num_kv_heads=1, state=float(stored.state))
    heads = heads_of(mixer, model)
    seen = mixer.window or mixer.chunk or mixer.index_keys
    common: dict[str, Any] = {"count": count, "num_heads": heads.number, "window": seen, "cached_tokens": stored.tokens}
    dims = float(heads.key_dim + heads.value_dim)
    if model.attention == "mla":
        cached = float(model.kv_lora_rank + model.qk_rope_head_dim)
        return Core(
            **common,
            num_kv_heads=1,
            head_dims=cached,
            cached_dims=stored.numbers,
            query_dims=cached + model.kv_lora_rank,
            prompt_dims=dims,
            is_latent=True,
        )
    return Core(
        **common,
        num_kv_heads=heads.kv_heads,
        head_dims=dims,
        cached_dims=stored.numbers / heads.kv_heads,
        query_dims=dims,
        prompt_dims=dims,
    )
