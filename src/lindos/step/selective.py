"""Selective recomputation: which operators run again in the backward pass, and which saved tensors that frees.

The word has three meanings in use. Megatron of 2022 computes attention's scores again. Later software names modules of
a layer (``norm``, ``activation``, ``latent``, ``attention``, ``ffn``, ``experts``). torchtitan saves every second
product (``products``) and computes everything else again but attention. ``usual`` stands where a profile names none:
what is cheap is freed, and attention alone takes time.
"""

from functools import cache

from lindos.errors import InputError
from lindos.transformer.operators import Kind, Operator, Place, Role, Saved, Split

#: Modules that a profile may name.
MODULES = ("usual", "norm", "activation", "latent", "attention", "ffn", "experts", "projection", "products")
#: Modules by the names that publishers use.
NAMES = {
    "layernorm": "norm",
    "act": "activation",
    "moe_act": "activation",
    "mla_up_proj": "latent",
    "core_attn": "attention",
    "mlp": "ffn",
    "moe": "experts",
    "shared_experts": "experts",
    "per-op": "products",
    # MaxText's policies: of the outputs of products, all are saved, all but those of the feed-forward, or queries,
    # keys and values alone.
    "remat:minimal": "norm,activation",
    "remat:save_dot_with_context_except_mlp": "norm,ffn",
    "remat:save_qkv_proj": "norm,attention,projection,ffn",
} | {name: name for name in MODULES}
#: Every second product is computed again.
_EVERY_SECOND = 0.5
#: Modules of which the inputs of products are computed again as well.
_WHOLE = {"ffn", "experts", "projection"}
_EXPERTS = (Role.ROUTER, Role.EXPERT, Role.SHARED_EXPERT)


@cache
def modules_of(words: str) -> tuple[str, ...]:
    """Translate the words of a profile or a run for what it recomputes.

    Parameters
    ----------
    words
        Names of modules with commas or semicolons between them.

    Raises
    ------
    InputError
        If a name is not known.

    Examples
    --------
    >>> modules_of("layernorm;moe_act")
    ('norm', 'activation')
    """
    listed = [word.strip().lower() for word in words.replace(";", ",").split(",") if word.strip()]
    for word in listed:
        if word not in NAMES:
            raise InputError("recompute_modules", word, f"any of {', '.join(NAMES)}")
    return tuple(dict.fromkeys(name for word in listed for name in NAMES[word].split(","))) or ("usual",)


def repeated(row: Operator, modules: tuple[str, ...], stops_early: bool = False) -> float:
    """Get the share of an operator's forward pass that runs again.

    Parameters
    ----------
    row
        Row of the operator table.
    modules
        Modules that are computed again.
    stops_early
        Whether the software leaves out the last product of a layer, whose result nothing needs.
    """
    if row.place is not Place.LAYER:
        return 0.0
    if "products" in modules:
        return _EVERY_SECOND if _is_product(row) else float(row.kind is Kind.ELEMENTWISE)
    if stops_early and _is_last(row):
        return 0.0
    return float(bool(_module(row) & set(modules)))


def repeated_in_full(row: Operator, stops_early: bool) -> bool:
    """Tell whether full recomputation computes an operator again.

    The backward pass needs the input of the last product of a layer and not its result. Frameworks that look at what
    is needed stop before it; those that run the layer as a whole do not.

    Parameters
    ----------
    row
        Row of the operator table.
    stops_early
        Whether the software stops at the last tensor that is needed.
    """
    if row.place is not Place.LAYER:
        return False
    return not (stops_early and _is_last(row))


def _is_last(row: Operator) -> bool:
    is_down = row.split is Split.DEPTH or row.expert_split is Split.DEPTH
    return row.role in (Role.FEED_FORWARD, Role.EXPERT, Role.SHARED_EXPERT) and is_down


def freed(row: Operator, tensor: Saved, modules: tuple[str, ...]) -> float:
    """Get the share of a saved tensor that is freed.

    Parameters
    ----------
    row
        Operator that saves the tensor.
    tensor
        The tensor.
    modules
        Modules that are computed again.
    """
    if "usual" in modules:
        return float(tensor.cheap)
    if "products" in modules:
        return 1.0 if tensor.cheap or tensor.unfused else _EVERY_SECOND
    inside = _module(row) & set(modules)
    return float(bool(inside) and (tensor.cheap or tensor.unfused or bool(inside & _WHOLE)))


def _module(row: Operator) -> set[str]:
    """List the modules that an operator is a part of."""
    if row.kind is Kind.ATTENTION:
        return {"usual", "attention"}
    names = set()
    if row.role is Role.NORM:
        names.add("norm")
    if row.role is Role.FEED_FORWARD:
        names.add("ffn")
    if row.role in _EXPERTS:
        names.add("experts")
    if row.name.endswith(".activation"):
        names.add("activation")
    if row.name == "attention.output":
        names.add("projection")
    if row.name in ("attention.latent_up", "attention.query_up", "attention.rotary"):
        names.add("latent")
    return names


def _is_product(row: Operator) -> bool:
    return row.kind in (Kind.GEMM, Kind.GROUPED_GEMM)
