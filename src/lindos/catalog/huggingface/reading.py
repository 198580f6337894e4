"""Read a configuration into a :class:`~lindos.catalog.model.Model`, with what was read, filled in and left out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lindos.catalog.huggingface.attention import PATTERN_KEYS, attention_fields
from lindos.catalog.huggingface.experts import dense_width, expert_fields, is_gated
from lindos.catalog.huggingface.families import library
from lindos.catalog.huggingface.patterns import layer_groups, layer_words
from lindos.catalog.huggingface.refusals import not_understood, refuse_parts, refuse_unknown_keys
from lindos.catalog.huggingface.source import Source, language_model, read_file
from lindos.catalog.huggingface.values import Values, is_on, printable
from lindos.catalog.mixers import Layers
from lindos.catalog.model import Model, model_errors
from lindos.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A model as its configuration was read."""

    model: Model
    model_type: str
    defaults: Mapping[str, Any]  # values that the library filled in, by key
    ignored: tuple[str, ...]  # keys that change nothing here
    not_understood: tuple[str, ...]  # keys that are on, and that nothing reads
    left_out: tuple[str, ...]  # sections that describe something else than the language model
    notes: tuple[str, ...]  # remarks in sentences


def model_from_config(
    config: Mapping[str, Any] | Path, name: str | None = None, *, as_gated_decoder: bool = False
) -> Model:
    """Read the shape of the model that a Hugging Face configuration describes.

    Parameters
    ----------
    config
        The parsed ``config.json``, its path, or the folder that contains it.
    name
        Name of the model; the name of the folder or of the configuration where left out.
    as_gated_decoder
        Whether to read it as a decoder with softmax attention and gated feed-forwards whatever else it has.

    Raises
    ------
    InputError
        If a count is missing or no positive whole number, the model has a part without operators here, or a key that
        may change the computation is not understood.
    InconsistentError
        If counts contradict each other, such as key-value heads that do not divide the heads.

    Examples
    --------
    >>> config = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    ...           "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 256}
    >>> model_from_config(config).head_dim
    16
    """
    return read_config(config, name, as_gated_decoder=as_gated_decoder).model


def read_config(
    config: Mapping[str, Any] | Path, name: str | None = None, *, as_gated_decoder: bool = False
) -> Reading:
    """Read a Hugging Face configuration, and list what was read, filled in, ignored and not understood.

    Parameters
    ----------
    config
        The parsed ``config.json``, its path, or the folder that contains it.
    name
        Name of the model; the name of the folder or of the configuration where left out.
    as_gated_decoder
        As in :func:`model_from_config`.

    Raises
    ------
    InputError, InconsistentError
        As :func:`model_from_config`.
    """
    if isinstance(config, Path):
        data: Mapping[str, Any] = read_file(config)
        name = name or (config.parent.name if config.name == "config.json" else config.stem)
    else:
        data = config
    source = language_model(data)
    model_type = _model_type(source)
    family = library().families.get(model_type)
    if family is not None and source.model_types[-1:] != (None,) and model_type not in _written_types(source):
        family = replace(
            family, defaults={}
        )  # without a section of the language model, the outer model has other defaults
    values = Values(_plain(source.data), "", None) if as_gated_decoder else Values(source.data, model_type, family)
    if not as_gated_decoder:
        refuse_parts(values)
    title = name or _printable_name(data) or model_type or "config.json"
    model = _model(values, title)
    rest = not_understood(values) if as_gated_decoder else refuse_unknown_keys(values)
    for error in model_errors(model, "config"):
        raise error
    return Reading(
        model=model,
        model_type=model_type,
        defaults=values.defaults,
        ignored=tuple(map(printable, sorted(set(source.data) - values.used - set(rest) - {"model_type"}))),
        not_understood=tuple(map(printable, rest)),
        left_out=tuple(map(printable, source.left_out)),
        notes=tuple(_notes(values, model, source, by_hand=as_gated_decoder)),
    )


#: Remark on a configuration that a user told to read in another way.
_BY_HAND = "Read by hand as a decoder with softmax attention and gated feed-forwards; what else it has is left aside."
#: Keys that say of what kind layers or functions are, which a reading by hand overrides.
_KINDS = (*PATTERN_KEYS, "model_type", "hidden_act", "hidden_activation", "activation_function", "attention_types")


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the keys that say of what kind layers are."""
    return {key: value for key, value in data.items() if key not in _KINDS}


def _printable_name(data: Mapping[str, Any]) -> str:
    name = data.get("_name_or_path")
    return name if isinstance(name, str) and name.isprintable() and len(name) <= 200 else ""


def _written_types(source: Source) -> list[str]:
    return [kind.lower() for kind in source.model_types if kind]


def _model_type(source: Source) -> str:
    """Type of the language model: the innermost type written, else the library's type for the outer model."""
    for kind in source.model_types:
        if kind is not None and (not isinstance(kind, str) or (kind and printable(kind) != kind)):
            raise InputError("config.model_type", kind, "a text such as llama")
    written = _written_types(source)
    kind = written[-1] if written else ""
    return library().text_types.get(kind, kind)


def _model(values: Values, title: str) -> Model:
    hidden = values.count("hidden_size")
    layout = values.family.layout
    words = layer_words(values, layout) if layout else []
    layers = len(words) if layout else values.count("num_layers")
    attention = attention_fields(values, hidden, layers)
    experts = expert_fields(values, layers)
    groups = _groups(values, words, experts)
    if groups:
        experts = _beside_groups(groups, experts)
    has_dense = not experts or experts["num_dense_layers"] or experts["moe_layer_interval"] > 1
    if groups:
        has_dense = any(group.feed_forward == "dense" for group in groups)
    width = dense_width(values, hidden, required=bool(has_dense or experts["dense_ffn_beside_experts"]))
    _refuse_other_widths(values, hidden)
    return Model(
        name=title,
        title=title,
        num_layers=layers,
        hidden_size=hidden,
        ffn_hidden_size=width or experts["expert_ffn_hidden_size"],
        layers=groups,
        per_layer_embedding_size=values.count("hidden_size_per_layer_input", default=0, at_least=0),
        per_layer_vocab_size=values.count("vocab_size_per_layer_input", default=0, at_least=0),
        gated=is_gated(values),
        clamped_gate=values.get("swiglu_limit") is not None,
        vocab_size=values.count("vocab_size"),
        max_sequence_length=values.count("max_sequence_length", default=2048),
        tied_embeddings=values.flag("tie_word_embeddings"),
        num_mtp_layers=_mtp_layers(values),
        sources=("user",),
        note="from a Hugging Face configuration",
        **attention,
        **experts,
    )


def _groups(values: Values, words: list[str], experts: Mapping[str, Any]) -> tuple[Layers, ...]:
    """Count equal layers of a family with layers of several kinds; none for other families."""
    layout = values.family.layout
    if layout is None:
        return ()
    first, interval = experts.get("num_dense_layers", 0), experts.get("moe_layer_interval", 1)

    def has_experts(layer: int) -> bool:
        return bool(experts) and layer >= first and (layer - first + 1) % interval == 0

    return layer_groups(values, layout, words, has_experts)


def _beside_groups(groups: tuple[Layers, ...], experts: dict[str, Any]) -> dict[str, Any]:
    """Keep of the experts what groups of layers do not say; nothing where no layer has any."""
    if not any(group.feed_forward == "experts" for group in groups):
        return {}
    return experts | {"num_dense_layers": 0, "moe_layer_interval": 1}


def _refuse_other_widths(values: Values, hidden: int) -> None:
    """Refuse an embedding whose width differs from that of the layers."""
    for key in ("word_embed_proj_dim",):
        if values.get(key) is not None and values.count(key) != hidden:
            hint = "Lindos does not know an embedding of another width than the layers."
            raise InputError(f"config.{key}", values.get(key), f"{hidden}, as the layers are wide", hint)


def _mtp_layers(values: Values) -> int:
    """Layers of multi-token prediction."""
    is_used = values.flag("use_mtp", default=True)
    number = values.count("num_mtp_layers", default=0, at_least=0)
    layers = values.count("mtp_transformer_layers", default=1)
    return number * layers if is_used else 0


def _notes(values: Values, model: Model, source: Source, *, by_hand: bool) -> list[str]:
    notes = []
    if by_hand:
        notes.append(_BY_HAND)
    elif not values.has_family:
        kind = values.model_type or "none"
        notes.append(f"Model type {kind} is not known here; all its keys are, and it is read as a Llama.")
    if model.num_mtp_layers:
        key = values.key("num_mtp_layers")
        layers = "1 layer" if model.num_mtp_layers == 1 else f"{model.num_mtp_layers} layers"
        leave_out = f"{key}: 0 in the file leaves that out"
        notes.append(
            f"{layers} of multi-token prediction ({key}) trained along; {leave_out}. Counts of parameters are without."
        )
    if source.left_out:
        notes.append(f"Only the language model is read; left out: {', '.join(map(printable, source.left_out))}.")
    has_chunks = is_on(values.get("attention_chunk_size")) and not model.layers
    if has_chunks and "chunked_attention" in values.entries("layer_types"):
        notes.append("attention_chunk_size: layers with chunks are counted as full attention.")
    if is_on(values.data.get("quantization_config")):
        notes.append("quantization_config is ignored: the precision is a field of the job.")
    return notes
