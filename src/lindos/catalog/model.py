"""The shape of a transformer: all fields that the table of its operators needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from lindos.bounds import Bounds
from lindos.catalog.facts import Fact
from lindos.errors import InputError
from lindos.quantities import Real, Unit

#: Layers of a model; ten thousand are fifty times as many as any trained model has.
Layers: TypeAlias = Annotated[int, Bounds(1, 10_000, is_whole=True)]
Size: TypeAlias = Annotated[int, Bounds(1, 100_000_000, is_whole=True)]
#: A size that may be zero, since the part that it measures may not exist.
PartSize: TypeAlias = Annotated[int, Bounds(0, 100_000_000, is_whole=True)]
PartLayers: TypeAlias = Annotated[int, Bounds(0, 10_000, is_whole=True)]
Experts: TypeAlias = Annotated[int, Bounds(0, 1_000_000, is_whole=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A decoder-only transformer. Counts are plain numbers; zero means that the part does not exist.

    Attention is ``"gqa"`` (multi-head and multi-query are its limits) or ``"mla"``. Layers ``[0, num_dense_layers)``
    are dense; of the following layers every ``moe_layer_interval``-th has experts. ``dense_ffn_beside_experts`` adds
    the dense feed-forward of ``ffn_hidden_size`` to every expert layer, as in Grok-2.
    """

    name: str
    title: str
    num_layers: Layers
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
    num_expert_groups: Experts = 0  # groups that routing limits, such as nodes; zero: no groups
    expert_groups_per_token: Experts = 0  # largest number of groups with experts of one token
    num_dense_layers: PartLayers = 0
    moe_layer_interval: Layers = 1
    dense_ffn_beside_experts: bool = False
    clamped_gate: bool = False  # gate and value are biased, clamped and scaled before their product, as in gpt-oss
    sliding_window: PartSize = 0
    num_windowed_layers: PartLayers = 0
    num_windowed_kv_heads: PartSize = 0  # in windowed layers, where the number differs
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
        return (self.num_layers - self.num_dense_layers) // self.moe_layer_interval


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
    if model.attention == "mla" and not (model.kv_lora_rank and model.qk_nope_head_dim and model.v_head_dim):
        yield InputError(f"{path}.kv_lora_rank", model.kv_lora_rank, "given with the head dimensions of mla")
