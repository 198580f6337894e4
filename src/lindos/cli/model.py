"""The print of a model by ``lindos catalog show``: its size, its layers, and how its configuration was read."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lindos.catalog.huggingface import Reading, read_config
from lindos.catalog.model import Model
from lindos.transformer import summarise_model
from lindos.units import render

if TYPE_CHECKING:
    from rich.console import Console

#: Fields of a model that do not describe its shape.
_OUTSIDE_SHAPE = (
    "name",
    "title",
    "sources",
    "note",
    "unsupported",
    "published_params",
    "training_tokens",
    "training_flop",
)


def summary_document(model: Model) -> dict[str, Any]:
    """Return the size of a model as plain data for JSON; empty if Lindos cannot compute the model.

    Parameters
    ----------
    model
        Model of the catalogue or of a configuration.
    """
    if model.unsupported:
        return {}
    summary = summarise_model(model)
    return {
        "parameters": summary.parameters,
        "active_parameters": summary.active_parameters,
        "layers": dataclasses.asdict(summary.layers),
    }


def print_summary(model: Model, console: "Console") -> None:
    """Print the size of a model.

    Parameters
    ----------
    model
        Model of the catalogue or of a configuration.
    console
        Console to print on.
    """
    from rich.text import Text

    if model.unsupported:
        return
    for name, text in _lines(model):
        console.print(Text.assemble((f"{name}: ", "cyan"), (text, "bold")))


def print_configuration(path: Path, as_json: bool) -> None:
    """Print the model of a Hugging Face configuration as it is read.

    Parameters
    ----------
    path
        The ``config.json`` or its folder.
    as_json
        Whether to print one JSON document.
    """
    reading = read_config(path)
    model = reading.model
    if as_json:
        click.echo(json.dumps(_document(path, reading), indent=1, allow_nan=False))
        return
    from rich.padding import Padding
    from rich.text import Text

    from lindos.terminal import console as plain_console

    console = plain_console()
    console.print(Text(f"{path} ({reading.model_type or 'no model_type'})", "bold"))
    print_summary(model, console)
    for name, value in _shape(model).items():
        console.print(Text.assemble((f"{name}: ", "cyan"), (str(value), "bold")))
    filled = (f"{key} {value}" for key, value in reading.defaults.items())
    for title, items in (
        ("not understood, and ignored", reading.not_understood),
        ("left out by the file, from the library", filled),
        ("without effect on a step", reading.ignored),
    ):
        text = ", ".join(items)
        if text:
            console.print(Text(f"{title}:", "cyan"))
            console.print(Padding(Text(text, "dim", overflow="fold"), (0, 0, 0, 4)))
    for note in reading.notes:
        console.print(Text(note, overflow="fold"))


def _document(path: Path, reading: Reading) -> dict[str, Any]:
    return {
        "kind": "models",
        "name": reading.model.name,
        "file": str(path),
        "model_type": reading.model_type,
        **summary_document(reading.model),
        "shape": _shape(reading.model),
        "not_understood": list(reading.not_understood),
        "ignored": list(reading.ignored),
        "defaults": dict(reading.defaults),
        "left_out": list(reading.left_out),
        "notes": list(reading.notes),
    }


def _lines(model: Model) -> list[tuple[str, str]]:
    summary = summarise_model(model)
    layers = summary.layers
    window = f"with a window of {model.sliding_window:,}"
    bare = {"without a feed-forward": layers.without_feed_forward}
    feed_forward = _counted({"dense": layers.dense, "with experts": layers.experts} | bare)
    windowed = {window if model.sliding_window else "with attention to a part": layers.windowed_attention}
    recurrent = {f"recurrent ({layers.recurrent_kinds})": layers.recurrent}
    attention = _counted({"with full attention": layers.full_attention} | windowed | recurrent)
    text = f"{layers.total}: {feed_forward}; {attention}"
    if layers.multi_token_prediction:
        text += f"; beside them {layers.multi_token_prediction} of multi-token prediction"
    return [
        ("parameters", render(float(summary.parameters), "1", 4)),
        ("active_parameters", render(float(summary.active_parameters), "1", 4)),
        ("layers", text),
    ]


def _counted(numbers: dict[str, int]) -> str:
    return " and ".join(f"{number} {kind}" for kind, number in numbers.items() if number)


def _shape(model: Model) -> dict[str, Any]:
    """Return the fields of the shape that have a value."""
    named = {field.name: getattr(model, field.name) for field in dataclasses.fields(model)}
    shape = {name: value for name, value in named.items() if name not in _OUTSIDE_SHAPE}
    plain = {name: "; ".join(map(str, value)) if name == "layers" else value for name, value in shape.items()}
    return {name: value for name, value in plain.items() if value not in (0, "")}
