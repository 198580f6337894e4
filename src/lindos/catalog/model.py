"""The shape of a transformer: all fields that the table of its operators needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from lindos.bounds import Bounds
from lindos.catalog.facts import Fact
from lindos.catalog.mixers import FEED_FORWARDS, Attention, LayerCount, Layers, PartSize, Size
from lindos.errors import InputError
from lindos.quantities import Real, Unit

PartLayers: TypeAlias = Annotated[int, Bounds(0, 10_000, is_whole=True)]
Experts: TypeAlias = Annotated[int, Bounds(0, 1_000_000, is_whole=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A decoder-only transformer. Counts are plain numbers; zero means that the part does not exist.

    Attention is ``"gqa"`` (multi-head and multi-query are its limits) or ``"mla"``. Layers ``[0, num_dense_layers)``
    are dense; of the following layers every ``moe_layer_interval``-th has experts. ``dense_ffn_beside_experts`` adds
    the dense feed-forward of ``ffn_hidden_size`` to every expert layer, as in Grok-2.

    Where the layers differ otherwise, ``layers`` lists them in groups, and the counts of windowed and of dense layers
    are left out; sizes that a group does not state are those of the model.
    """

    name: str
    title: str
    num_layers: LayerCount
    hidden_size: Size
    num_attention_heads: Size
    num_kv_heads: Size
    head_dim: Size
    ffn_hidden_size: Size
    gated: bool
    vocab_size: Size
    max_sequence_length: Annotated[int, Bounds(1, 10_000_000_000, is_whole=True)]
    tied_embeddings: bool
    attention: str = "gqa"
    q_lora_rank: PartSize = 0
    kv_lora_rank: PartSize = 0
    qk_nope_head_dim: PartSize = 0
    qk_rope_head_dim: PartSize = 0
    v_head_dim: PartSize = 0  # under gqa: width of values, where it differs from that of keys
    num_experts: Experts = 0
    experts_per_token: Experts = 0
    expert_ffn_hidden_size: PartSize = 0
    num_shared_experts: Experts = 0  # each of width expert_ffn_hidden_size
    shared_ffn_hidden_size: PartSize = 0  # of all shared experts together, where that is no multiple of a routed one
    expert_latent_size: PartSize = 0  # width in which routed experts work, where it is not that of the layers
    num_expert_groups: Experts = 0  # groups that routing limits, such as nodes; zero: no groups
    expert_groups_per_token: Experts = 0  # largest number of groups with experts of one token
    num_dense_layers: PartLayers = 0
    moe_layer_interval: LayerCount = 1
    dense_ffn_beside_experts: bool = False
    clamped_gate: bool = False  # gate and value are biased, clamped and scaled before their product, as in gpt-oss
    sliding_window: PartSize = 0
    num_windowed_layers: PartLayers = 0
    num_windowed_kv_heads: PartSize = 0  # in windowed layers, where the number differs
    layers: tuple[Layers, ...] = ()  # groups of equal layers, where the counts above do not describe them
    per_layer_embedding_size: PartSize = 0  # of an embedding of its own that every layer adds, as in Gemma 3n
    per_layer_vocab_size: PartSize = 0  # words of that embedding, where it has others
    num_mtp_layers: PartLayers = 0
    published_params: Annotated[Fact[Real], Unit("1"), Bounds(1e3, 1e18)] | None = None
    training_tokens: Annotated[Fact[Real], Unit("token"), Bounds("1 tokens", "1e18 tokens")] | None = None
    training_flop: Annotated[Fact[Real], Unit("FLOP"), Bounds("1 FLOP", "1e34 FLOP")] | None = None
    sources: tuple[str, ...] = ()
    note: str = ""
    unsupported: str = ""  # why Lindos cannot compute it, in one sentence

    @property
    def num_moe_layers(self) -> int:
        """Number of layers with experts."""
        if not self.num_experts:
            return 0
        if self.layers:
            return sum(group.count for group in self.layers if group.feed_forward == "experts")
        return (self.num_layers - self.num_dense_layers) // self.moe_layer_interval

    @property
    def expert_input_size(self) -> int:
        """Width of the tokens that are sent to experts."""
        return self.expert_latent_size or self.hidden_size

    @property
    def shared_expert_width(self) -> int:
        """Width of all shared experts together."""
        return self.shared_ffn_hidden_size or self.num_shared_experts * self.expert_ffn_hidden_size


def model_errors(model: Model, path: str) -> Iterator[InputError]:
    """Yield the contradictions between the counts of a shape.

    Parameters
    ----------
    model
        The shape.
    path
        Path of the model, for the error messages.
    """
    if model.num_attention_heads % model.num_kv_heads:
        yield InputError(f"{path}.num_kv_heads", model.num_kv_heads, f"a divisor of {model.num_attention_heads} heads")
    if model.num_windowed_kv_heads and model.num_attention_heads % model.num_windowed_kv_heads:
        expected = f"a divisor of {model.num_attention_heads} heads"
        yield InputError(f"{path}.num_windowed_kv_heads", model.num_windowed_kv_heads, expected)
    if model.experts_per_token > model.num_experts:
        yield InputError(f"{path}.experts_per_token", model.experts_per_token, f"at most {model.num_experts} experts")
    if model.num_experts and not (model.experts_per_token and model.expert_ffn_hidden_size):
        expected = "given with expert_ffn_hidden_size where there are experts"
        yield InputError(f"{path}.experts_per_token", model.experts_per_token, expected)
    if model.num_dense_layers > model.num_layers:
        yield InputError(f"{path}.num_dense_layers", model.num_dense_layers, f"at most {model.num_layers} layers")
    if model.num_experts and model.num_moe_layers < 1:
        expected = f"at most the {model.num_layers - model.num_dense_layers} layers that are not dense"
        yield InputError(f"{path}.moe_layer_interval", model.moe_layer_interval, expected)
    if bool(model.sliding_window) != bool(model.num_windowed_layers):
        expected = "given with sliding_window, or both left out"
        yield InputError(f"{path}.num_windowed_layers", model.num_windowed_layers, expected)
    if model.num_expert_groups and model.num_experts % model.num_expert_groups:
        expected = f"a divisor of {model.num_experts} experts"
        yield InputError(f"{path}.num_expert_groups", model.num_expert_groups, expected)
    if model.expert_groups_per_token > model.num_expert_groups:
        expected = f"at most {model.num_expert_groups} groups"
        yield InputError(f"{path}.expert_groups_per_token", model.expert_groups_per_token, expected)
    if model.num_windowed_layers > model.num_layers:
        expected = f"at most {model.num_layers} layers"
        yield InputError(f"{path}.num_windowed_layers", model.num_windowed_layers, expected)
    if model.attention not in ("gqa", "mla"):
        yield InputError(f"{path}.attention", model.attention, "gqa or mla", "Other kinds have no operator table.")
    yield from _group_errors(model, path)
    if model.attention == "mla" and not (model.kv_lora_rank and model.qk_nope_head_dim and model.v_head_dim):
        yield InputError(f"{path}.kv_lora_rank", model.kv_lora_rank, "given with the head dimensions of mla")


def _group_errors(model: Model, path: str) -> Iterator[InputError]:
    """Yield the contradictions between groups of layers and the counts of the model."""
    if not model.layers:
        return
    counted = sum(group.count for group in model.layers)
    if counted != model.num_layers:
        yield InputError(f"{path}.num_layers", model.num_layers, f"{counted}, as many as the groups of layers count")
    for name in ("num_windowed_layers", "num_dense_layers"):
        if getattr(model, name):
            yield InputError(f"{path}.{name}", getattr(model, name), "left out beside groups of layers")
    if model.moe_layer_interval != 1:
        yield InputError(f"{path}.moe_layer_interval", model.moe_layer_interval, "left out beside groups of layers")
    for number, group in enumerate(model.layers):
        place = f"{path}.layers.{number}"
        if group.feed_forward not in FEED_FORWARDS:
            yield InputError(f"{place}.feed_forward", group.feed_forward, f"one of {', '.join(FEED_FORWARDS)}")
        if group.feed_forward == "experts" and not model.num_experts:
            yield InputError(f"{place}.feed_forward", group.feed_forward, "given with num_experts")
        if group.feed_forward == "none" and not group.mixers:
            yield InputError(f"{place}.mixers", (), "given where a layer has no feed-forward")
        for mixer in group.mixers:
            if isinstance(mixer, Attention):
                yield from _attention_errors(model, mixer, place)


def _attention_errors(model: Model, mixer: Attention, place: str) -> Iterator[InputError]:
    heads, kv_heads = mixer.num_heads or model.num_attention_heads, mixer.num_kv_heads or model.num_kv_heads
    if heads % kv_heads:
        yield InputError(f"{place}.num_kv_heads", kv_heads, f"a divisor of {heads} heads")
    if mixer.window and mixer.chunk:
        yield InputError(f"{place}.chunk", mixer.chunk, "left out beside a window")
    if mixer.index_keys and not (mixer.index_heads and mixer.index_head_dim):
        yield InputError(f"{place}.index_heads", mixer.index_heads, "given with index_keys and index_head_dim")
