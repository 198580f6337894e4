"""The model of a run: what the row states, and the catalogue's model of that name for the rest."""

from dataclasses import fields, replace
from typing import Any

from lindos.catalog import Catalog
from lindos.catalog.mixers import of_length
from lindos.catalog.model import Model, model_errors
from lindos.errors import InputError
from lindos.validation.refusal import NotPredictedError
from lindos.validation.run import Run
from lindos.validation.sources import Recipe

#: GPT-2's vocabulary as Megatron pads it.
PADDED_VOCABULARY = 51_200
#: Model whose ranks and head dimensions of latent attention are used where neither row nor catalogue has them.
LATENT_MODEL = "deepseek-v3"
#: Fields that rows and models have in common.
_SHARED = (
    *("num_layers", "hidden_size", "num_attention_heads", "num_kv_heads", "head_dim", "ffn_hidden_size", "gated"),
    *("vocab_size", "num_experts", "experts_per_token", "expert_ffn_hidden_size", "num_shared_experts"),
)
_LATENT = ("q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim")


def model_of(run: Run, catalog: Catalog, recipes: tuple[Recipe, ...] = ()) -> tuple[Model, tuple[str, ...]]:
    """Build the shape of the model that a run trained.

    Parameters
    ----------
    run
        The run.
    catalog
        Catalogue with the models.
    recipes
        What the recipes of the source fix.

    Returns
    -------
    model : Model
        The shape.
    filled : tuple of str
        What was filled in, in words.

    Raises
    ------
    NotPredictedError
        If neither row nor catalogue gives the shape.
    """
    model = _catalog_model(run.model_name, catalog)
    stated = {name: getattr(run, name) for name in _SHARED if getattr(run, name) is not None}
    filled: list[str] = []
    if model is None:
        shape = _from_row(run, stated, filled)
    else:
        missing = [name for name in ("num_layers", "hidden_size", "num_attention_heads") if name not in stated]
        if missing:
            filled.append(f"shape of {model.name} from the catalogue")
        shape = _with_stated(model, stated)
    if run.attention == "mla" and shape.attention != "mla":
        latent = catalog.model(LATENT_MODEL)
        shape = replace(shape, attention="mla", **{name: getattr(latent, name) for name in _LATENT})
        filled.append(f"ranks of latent attention as in {LATENT_MODEL}")
    if run.num_mtp_layers is not None:
        shape = replace(shape, num_mtp_layers=run.num_mtp_layers)
    fixed = next((recipe for recipe in recipes if recipe.shape), None)
    if fixed:
        corrected: dict[str, Any] = dict(fixed.shape)
        shape = replace(shape, **corrected)
        filled.append(fixed.why)
    for recipe in recipes if run.num_mtp_layers is None else ():
        if recipe.num_mtp_layers is not None and shape.num_mtp_layers != recipe.num_mtp_layers:
            shape = replace(shape, num_mtp_layers=recipe.num_mtp_layers)
            filled.append(recipe.why)
            break
    for error in model_errors(shape, "model"):
        raise NotPredictedError("the shape contradicts itself", str(error))
    return replace(shape, published_params=None, training_tokens=None, training_flop=None), tuple(filled)


def _catalog_model(name: str, catalog: Catalog) -> Model | None:
    if catalog.record_id("models", name) is None:
        return None
    try:
        return catalog.model(name)
    except InputError:
        return None


def _with_stated(model: Model, stated: dict[str, int | bool]) -> Model:
    """The catalogue's model with the values that the row states; a smaller copy keeps the share of windowed layers."""
    changed: dict[str, Any] = dict(stated)
    layers = int(changed.get("num_layers", model.num_layers))
    if layers != model.num_layers and model.layers:
        changed["layers"] = of_length(model.layers, layers)
    elif layers != model.num_layers:
        changed["num_dense_layers"] = min(model.num_dense_layers, layers - 1) if model.num_experts else 0
        changed["num_windowed_layers"] = round(model.num_windowed_layers * layers / model.num_layers)
        if not changed["num_windowed_layers"]:
            changed["sliding_window"] = 0
    if not changed.get("num_experts", 1) and not model.layers:  # zero experts mark a dense model
        changed |= {"experts_per_token": 0, "expert_ffn_hidden_size": 0, "num_shared_experts": 0, "num_dense_layers": 0}
    if "expert_ffn_hidden_size" in changed and not changed["expert_ffn_hidden_size"]:
        del changed["expert_ffn_hidden_size"]
    return replace(model, **changed)


def _from_row(run: Run, stated: dict[str, int | bool], filled: list[str]) -> Model:
    """A model that is not in the catalogue."""
    needed = ["num_layers", "hidden_size", "num_attention_heads"]
    experts = int(stated.get("num_experts", 0))
    needed += ["expert_ffn_hidden_size", "experts_per_token"] if experts else ["ffn_hidden_size"]
    missing = [name for name in needed if not stated.get(name)]
    if missing and set(missing) <= {"num_attention_heads"} and stated["hidden_size"] % 128 == 0:
        stated["num_attention_heads"] = int(stated["hidden_size"]) // 128
        filled.append("heads of 128")
        missing = []
    if missing:
        detail = f"{run.model_name or 'the model'} is not in the catalogue, and the row lacks {', '.join(missing)}"
        raise NotPredictedError("no shape of the model in row or catalogue", detail)
    hidden, heads = int(stated["hidden_size"]), int(stated["num_attention_heads"])
    if "vocab_size" not in stated:
        filled.append(f"vocabulary of {PADDED_VOCABULARY:,}")
    gated = bool(stated.get("gated", False))
    values: dict[str, object] = {
        "num_kv_heads": heads,
        "head_dim": hidden // heads,
        "ffn_hidden_size": int(stated.get("expert_ffn_hidden_size", 0)),
        "vocab_size": PADDED_VOCABULARY,
        "max_sequence_length": run.sequence_length or 8192,
        # Models without gates are of GPT-2's family, which ties its embeddings; Llama's family does not.
        "tied_embeddings": not gated and not experts,
        **stated,
        "gated": gated,
    }
    if not experts:
        values |= {"num_experts": 0, "experts_per_token": 0, "expert_ffn_hidden_size": 0, "num_shared_experts": 0}
    names = {field.name for field in fields(Model)}
    name = run.model_name or "model"
    return Model(name=name, title=name, **{k: v for k, v in values.items() if k in names})  # type: ignore[arg-type]
