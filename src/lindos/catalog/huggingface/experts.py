"""Feed-forward of a configuration: dense width, experts, shared experts, and the layers that have experts."""

from typing import Any

from lindos.catalog.huggingface.values import ABSENT, GATED_ACTIVATIONS, Values
from lindos.errors import InconsistentError, InputError

#: Activation functions that imply a gate, where the configuration names only the function.
_GATING = ("silu", "swish", *GATED_ACTIVATIONS)
_OF_EXPERTS = (
    *("experts_per_token", "expert_ffn_hidden_size", "num_shared_experts", "shared_ffn_hidden_size", "n_group"),
    *("num_dense_layers", "moe_layer_interval", "moe_layer_end_index", "mlp_only_layers", "topk_group", "moe_layers"),
)
#: Keys that switch all experts off.
_SWITCHES = ("is_moe", "enable_moe_block", "use_moe")


def is_gated(values: Values) -> bool:
    """Tell whether feed-forwards multiply a gate and a value.

    Parameters
    ----------
    values
        Values of the configuration.

    Raises
    ------
    InputError
        If the activation function contradicts the family, or decides alone and is ambiguous.
    """
    activation, gated = values.text("activation"), values.family.gated
    key = f"config.{values.key('activation') or 'hidden_act'}"
    if gated == "activation":
        return activation in GATED_ACTIVATIONS
    if not gated and activation in GATED_ACTIVATIONS:
        hint = f"Feed-forwards of {values.model_type} have no gate."
        raise InputError(key, activation, "a function without a gate", hint)
    if not values.has_family and activation and activation not in _GATING:
        hint = f"Model type {values.model_type or '(none)'} is not known here, and only these say that there is a gate."
        raise InputError(key, activation, f"one of {', '.join(_GATING)}", hint)
    return bool(gated)


def dense_width(values: Values, hidden: int, *, required: bool) -> int:
    """Read the width of the dense feed-forward.

    Parameters
    ----------
    values
        Values of the configuration.
    hidden
        Hidden size; families without gates have four times this width by default.
    required
        Whether the model has dense layers, so that the width is needed.
    """
    default: Any = ABSENT if values.family.gated and required else 0
    if not values.family.gated or values.family.gated == "activation":
        default = hidden * values.count("expansion_ratio", default=4)
    width = _adjusted(values, values.count("ffn_hidden_size", default=default))
    return width // 2 if values.family.fused_gate else width


def _adjusted(values: Values, width: int) -> int:
    """Reduce a width that counts two matrices to that of three, times a factor, rounded up, where a file says so."""
    if not values.flag("block_auto_adjust_ff_dim"):
        return width
    factor = values.get("block_ffn_dim_multiplier")
    if factor is not None and (
        isinstance(factor, bool) or not isinstance(factor, (int, float)) or not 0 < factor < 100
    ):
        raise InputError("config.block_ffn_dim_multiplier", factor, "a positive number")
    width = int(2 * width / 3)
    if factor is None:
        return width
    step = values.count("block_multiple_of", default=256)
    return -(-int(factor * width) // step) * step


def expert_fields(values: Values, layers: int) -> dict[str, Any]:
    """Read the experts and their layers.

    Parameters
    ----------
    values
        Values of the configuration.
    layers
        Number of layers.

    Returns
    -------
    dict
        Fields of a :class:`~lindos.catalog.model.Model`; empty without experts.
    """
    switches = [values.flag(key, default=True) for key in _SWITCHES]
    number = values.count("num_experts", default=0, at_least=0)
    is_dense = number == 0 or (number == 1 and not _has_shared_by_default(values))
    if is_dense or not all(switches):
        for name in _OF_EXPERTS:
            values.key(name)  # without experts these have no effect
        return {}
    top_k = values.count("experts_per_token")
    if top_k > number:
        names = f"config.{values.key('experts_per_token')}", top_k, f"config.{values.key('num_experts')}", number
        raise InconsistentError(*names, "be at most the second")
    width = values.count("expert_ffn_hidden_size", default=0) or values.count("ffn_hidden_size")
    dense, interval = moe_layers(values, layers)
    return {
        "num_experts": number,
        "experts_per_token": top_k,
        "expert_ffn_hidden_size": width,
        **_shared(values, width),
        "num_dense_layers": dense,
        "moe_layer_interval": interval,
        "dense_ffn_beside_experts": values.flag("residual_moe"),
        "expert_latent_size": values.count("moe_latent_size", default=0, at_least=0),
        **_groups(values, number),
    }


def _has_shared_by_default(values: Values) -> bool:
    """Tell whether the family has a shared expert by default, so that a single routed expert counts too."""
    return any(values.family.defaults.get(key) for key in values.family.names["num_shared_experts"])


def _shared(values: Values, width: int) -> dict[str, int]:
    """Shared experts, counted in the width of a routed expert where that divides theirs."""
    number = values.count("num_shared_experts", default=0, at_least=0)
    total = values.count("shared_ffn_hidden_size", default=0, at_least=0) * max(number, 1)
    if total % width:
        return {"num_shared_experts": max(number, 1), "shared_ffn_hidden_size": total}
    return {"num_shared_experts": total // width if total else number}


def _groups(values: Values, number: int) -> dict[str, int]:
    groups = values.count("n_group", default=0, at_least=0)
    if groups and number % groups:
        names = "config.n_group", groups, f"config.{values.key('num_experts')}", number
        raise InconsistentError(*names, "divide the second")
    values.key("topk_group")
    is_stated = values.data.get("topk_group") is not None
    limit = values.count("topk_group", at_least=0, at_most=max(groups, 1)) if groups and is_stated else groups
    return {"num_expert_groups": groups, "expert_groups_per_token": limit}


def moe_layers(values: Values, layers: int) -> tuple[int, int]:
    """Read which layers have experts.

    Where the configuration lists the layers one by one, only their number counts: the time of a step does not depend on
    their places.

    Parameters
    ----------
    values
        Values of the configuration.
    layers
        Number of layers.

    Returns
    -------
    dense : int
        Number of dense layers before the experts.
    interval : int
        Every how many of the following layers has experts.
    """
    for name in ("num_dense_layers", "moe_layer_interval", "moe_layer_end_index"):
        values.key(name)
    listed = _listed(values)
    for key, number in listed.items():
        if values.data.get(key):
            if not 1 <= number <= layers:
                raise InputError(f"config.{key}", number, f"between 1 and {layers} layers with experts")
            return layers - number, 1
    interval = values.count("moe_layer_interval", default=1)
    offset = values.count("expert_layer_offset", default=interval - 1, at_least=0)
    if offset != interval - 1:
        hint = "Lindos knows experts in the last layer of every interval."
        raise InputError("config.expert_layer_offset", offset, f"{interval - 1}", hint)
    first = values.count("num_dense_layers", default=0, at_least=0)
    last = values.count("moe_layer_end_index", default=layers - 1, at_least=-1)
    if 0 <= last < layers - 1:
        first += layers - 1 - last
    only_dense = values.entries("mlp_only_layers")
    dense = {layer for layer in only_dense if isinstance(layer, int) and 0 <= layer < layers}
    if dense:
        number = layers // interval - sum((layer + 1) % interval == 0 for layer in dense)
        first, interval = layers - number, 1
    if layers - first < interval:
        names = (
            values.key("num_dense_layers"),
            "mlp_only_layers",
            "moe_layer_end_index",
            values.key("moe_layer_interval"),
        )
        key = next((key for key in names if values.data.get(key)), values.key("num_layers"))
        raise InputError(f"config.{key}", values.get(key), f"such that some of the {layers} layers hold experts")
    return first, interval


def _listed(values: Values) -> dict[str, int]:
    """Number of layers with experts by each key that may list them."""
    listed = {
        "moe_layers": len(set(map(str, values.entries("moe_layers")))),
        "mlp_layer_types": values.entries("mlp_layer_types").count("sparse"),
        "is_moe_layer": sum(map(bool, values.entries("is_moe_layer"))),
    }
    if isinstance(values.data.get("moe_layer_freq"), list):
        values.key("moe_layer_interval")
        listed["moe_layer_freq"] = sum(map(bool, values.data["moe_layer_freq"]))
    return listed
