"""``lindos catalog list|show NAME``: entries of the catalogue with their sources."""

import json
from pathlib import Path
from typing import Any

import click

from lindos.cli.common import catalog_option, json_option


@click.group()
def command() -> None:
    """Hardware, models, sites and prices of the catalogue; every value with its source."""


@command.command("list")
@click.argument("kind", required=False)
@catalog_option
@json_option
def list_(kind: str | None, catalogs: tuple[Path, ...], as_json: bool) -> None:
    """List the entries of the catalogue, or of one KIND such as accelerators."""
    from lindos.catalog import load_catalog
    from lindos.errors import UnknownNameError

    entries = load_catalog(catalogs).entries()
    kinds = sorted({entry[0] for entry in entries})
    if kind is not None and kind not in kinds:
        raise UnknownNameError("kind", kind, kinds)
    chosen = [entry for entry in entries if kind in (None, entry[0])]
    if as_json:
        click.echo(json.dumps([dict(zip(("kind", "name", "title"), e, strict=True)) for e in chosen], indent=1))
        return
    from rich.table import Table

    from lindos.terminal import console as plain_console

    console = plain_console()
    for name in [k for k in kinds if kind in (None, k)]:
        table = Table(title=name, title_justify="left", box=None, padding=(0, 2), show_header=False)
        for _, entry, title in (e for e in chosen if e[0] == name):
            table.add_row(entry, title)
        console.print(table)
        console.print()


@command.command("check")
@catalog_option
@json_option
def check(catalogs: tuple[Path, ...], as_json: bool) -> None:
    """List values whose sources are older than a year, and ranges that contain no second source."""
    import datetime

    from lindos.catalog import load_catalog
    from lindos.catalog.review import remarks

    listed = list(remarks(load_catalog(catalogs), datetime.datetime.now(datetime.UTC).date()))
    if as_json:
        click.echo(json.dumps([remark._asdict() for remark in listed], indent=1))
        return
    for remark in listed:
        click.echo(f"{remark.path}: {remark.reason} ({remark.grade})")
    click.echo(f"{len(listed)} remarks")


@command.command("show")
@click.argument("name")
@catalog_option
@json_option
def show(name: str, catalogs: tuple[Path, ...], as_json: bool) -> None:
    """Show every value of NAME with its range, its note and its sources.

    NAME may be the path of a Hugging Face config.json: then the model is shown with the keys that are not understood.
    """
    from lindos.catalog import load_catalog
    from lindos.cli.model import print_configuration, print_summary, summary_document

    if name.endswith(".json") or (Path(name) / "config.json").is_file():
        print_configuration(Path(name), as_json)
        return
    catalog = load_catalog(catalogs)
    kind, entry = catalog.find(name)
    rows = [_row(catalog, field, fact) for field, fact in catalog.facts(kind, entry)]
    model = catalog.model(entry) if kind == "models" else None
    if as_json:
        counts = summary_document(model) if model else {}
        click.echo(json.dumps({"kind": kind, "name": entry, **counts, "values": rows}, indent=1, allow_nan=False))
        return
    from rich.padding import Padding
    from rich.text import Text

    from lindos.terminal import console as plain_console

    console = plain_console()
    console.print(Text(f"{kind}/{entry}", "bold"))
    if model:
        print_summary(model, console)
    for row in rows:
        span = f"  ({row['low']} to {row['high']})" if row["low"] else ""
        console.print(Text.assemble((f"{row['field']}: ", "cyan"), (row["text"], "bold"), (span, "")))
        details = [
            row["note"],
            *(f"{source['grade']}: {source['url'] or source['title']}" for source in row["sources"]),
        ]
        for line in filter(None, details):
            console.print(Padding(Text(line, "dim", overflow="fold"), (0, 0, 0, 4)))


def _row(catalog: Any, field: str, fact: Any) -> dict[str, Any]:
    from lindos.catalog.grades import grade_of
    from lindos.units import render

    def text(value: Any) -> str:
        return render(value, fact.unit, 4) if isinstance(value, (int, float)) else str(value)

    spread = fact.low is not None and fact.low != fact.high
    sources = [catalog.source(name) for name in fact.sources]
    return {
        "field": field,
        "text": text(fact.content) if fact.is_known else "unknown",
        "value": fact.content,
        "unit": fact.unit,
        "low": text(fact.low) if spread else None,
        "high": text(fact.high) if spread else None,
        "estimate": fact.estimate,
        "note": ("estimate. " if fact.estimate else "") + fact.note,
        "sources": [{"id": s.id, "title": s.title, "url": s.url, "grade": grade_of(s)} for s in sources],
    }
