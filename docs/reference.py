"""Reference pages, made from the code: formulas, results, commands, scenario fields, catalogue."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from copy import copy
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

import lindos.formulas
from lindos.catalog import load_catalog
from lindos.catalog.schema import fields_of
from lindos.catalog.store import KINDS
from lindos.cli import COMMANDS, group
from lindos.quantities import Unit
from lindos.results import _declared
from lindos.scenario.read import models_in, models_of
from lindos.scenario.schema import Scenario

_FLOORS = ("step", "planning", "campaign", "fleet", "site", "roadmap")


def formulas() -> str:
    """Every formula with its units, equation and first sentence."""
    page = ["# Formulas\n\nOne equation in one place; units stand in brackets. Made from the code.\n"]
    for info in pkgutil.iter_modules(lindos.formulas.__path__):
        module = importlib.import_module(f"lindos.formulas.{info.name}")
        page.append(f"\n## {info.name}\n\n{_first(module)}\n")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__ or name.startswith("_"):
                continue
            hints = get_type_hints(function, include_extras=True)
            arguments = ", ".join(f"{key} [{_unit(hint)}]" for key, hint in hints.items() if key != "return")
            page.append(f"\n**`{name}`** ({arguments}) → [{_unit(hints['return'])}]: {_first(function)}\n")
            equation = re.search(r"\.\. math:: *(.+?)\n\n", inspect.getdoc(function) or "", re.DOTALL)
            if equation:
                page.append(f"\n$${' '.join(equation[1].split())}$$\n")
        references = re.findall(r"\.\. \[\d+\] (.+?)(?=\n\.\. \[|\Z)", inspect.getdoc(module) or "", re.DOTALL)
        page += [f"\n- {' '.join(reference.split())}" for reference in references]
        page.append("\n")
    return "".join(page)


def results() -> str:
    """Every number that a floor can answer with."""
    page = ["# Results\n\nEvery number of a result with its unit and what it is. Made from the code.\n"]
    for floor in _FLOORS:
        package = importlib.import_module(f"lindos.{floor}")
        for name in package.__all__:
            kind = getattr(package, name)
            rows = _declared(kind) if inspect.isclass(kind) and hasattr(kind, "__dataclass_fields__") else ()
            rows = [row for row in rows if row[1] is not None]
            if not rows or not any(why for _, _, why in rows):
                continue
            page.append(f"\n## {floor}.{name}\n\n{_first(kind)}\n\n| number | unit | what it is |\n|---|---|---|\n")
            page += [f"| `{field}` | {unit} | {why} |\n" for field, unit, why in rows]
    return "".join(page)


def commands() -> str:
    """The help of every command."""
    import click

    page = ["# Commands\n\nEach takes `--help`; those that answer take `--json`. Made from the code.\n"]
    # As the command line calls them: below the group, whose settings they share.
    parent = click.Context(group, info_name="lindos", help_option_names=["-h", "--help"])
    for name in COMMANDS:
        command: click.Command = copy(importlib.import_module(f"lindos.cli.{name}").command)
        # Click remembers the option of the first call, which may have been outside the group.
        command._help_option = None
        context = click.Context(command, parent, name, max_content_width=100, terminal_width=100)
        page.append(f"\n## lindos {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "".join(page)


def scenario() -> str:
    """Every field of a scenario file."""
    page = [
        "# Scenario file\n\nEvery field of a scenario; `lindos schema` prints the JSON Schema for editors, "
        "`lindos init` writes a commented file. Made from the code.\n"
    ]
    for model in models_of(Scenario):
        page.append(f"\n## {model.__name__}\n\n{(inspect.getdoc(model) or '').replace('``', '`')}\n\n")
        page.append("| field | what it is | what it takes | default |\n|---|---|---|---|\n")
        for name, field in model.model_fields.items():
            mark = " (needed)" if field.is_required() else ""
            page.append(f"| `{name}`{mark} | {field.description or ''} | {_takes(field)} | {_default(field)} |\n")
    return "".join(page)


def catalogue() -> str:
    """Write the contents of the catalogue, by kind."""
    catalog = load_catalog()
    page = ["# Catalogue\n\n`lindos catalog show NAME` prints every value with its sources. Made from the code.\n"]
    for kind in KINDS:
        entries = [(name, title) for k, name, title in catalog.entries() if k == kind]
        page.append(f"\n## {kind}: {len(entries)}\n\n| id | what |\n|---|---|\n")
        page += [f"| `{name}` | {title} |\n" for name, title in entries]
    parameters = catalog.names("parameters")
    page.append(f"\n## parameters: {len(parameters)}\n\n`lindos catalog show training` prints those of a group.\n\n")
    page.append("| name | SI unit | what it may be |\n|---|---|---|\n")
    for name in parameters:
        unit, bounds = catalog.declared(name)
        page.append(f"| `{name}` | {unit} | {bounds.sentence() if bounds else ''} |\n")
    page.append("\n## What the numbers of a record may be\n\n| field | SI unit | what it may be |\n|---|---|---|\n")
    for kind, record in KINDS.items():
        for field in fields_of(record).values():
            if field.kind in (int, float):
                page.append(f"| `{kind}.*.{field.name}` | {field.unit or 1} | {field.bounds.sentence()} |\n")
    return "".join(page)


#: What makes each page; its name is the page's.
PAGES: tuple[Callable[[], str], ...] = (formulas, results, commands, scenario, catalogue)


def _first(thing: Any) -> str:
    """First paragraph of a docstring, its marks turned into those of Markdown."""
    text = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    text = re.sub(r":math:`(.+?)`", r"$\1$", text)
    return re.sub(r":\w+:`~?(.+?)`", r"`\1`", text).replace("``", "`")


def _unit(hint: Any) -> str:
    return next((item.symbol for item in get_args(hint) if isinstance(item, Unit)), "1")


def _takes(field: FieldInfo) -> str:
    """What a user may write, from the field's type alone."""
    if models_in(field.annotation):
        model = models_in(field.annotation)[0].__name__
        return f"a list of {model}" if get_origin(field.annotation) is list else model
    annotation: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return _written(TypeAdapter(annotation).json_schema())


def _written(body: dict[str, Any]) -> str:
    option = next(option for option in body.get("anyOf", [body]) if option.get("type") != "null")
    if "anyOf" in option:  # any of some words, as a list or as text
        return f"any of {', '.join(option['anyOf'][0]['items']['enum'])}"
    if "items" in option:
        return f"a list of {_written(option['items'])}"
    if "enum" in option:
        return ", ".join(option["enum"])
    if "pattern" in option:
        return f"a date, such as `{option['examples'][0]}`"
    text: str = option.get("description") or _TYPES.get(option["type"], option["type"])
    example = option.get("examples", [None])[0]
    return f"{text}, such as `{example}`" if example and str(example) not in text else text


_TYPES = {"string": "text", "boolean": "true or false"}


def _default(field: FieldInfo) -> str:
    """Default of a field that has a value of its own; one that is derived stands in the description."""
    value = field.default
    if field.is_required() or value is None or isinstance(value, BaseModel) or value == []:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value if isinstance(value, str) else f'{value:g}'}`"
