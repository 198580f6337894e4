"""Statements and articles checked against the physics."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lindos import __version__
from lindos.answers.answer import Answer
from lindos.answers.soundness import check_sections
from lindos.catalog import Catalog, load_catalog
from lindos.errors import InputError

if TYPE_CHECKING:
    from lindos.claims import Context


def audit_claims(file: str | Path | None = None, catalogs: Sequence[Path] = (), date: str | None = None) -> Answer:
    """Check the claims of a YAML file, the numbers of a text, or the claims of the catalogue.

    Parameters
    ----------
    file
        A claims file (``.yaml``), a text in German or English, ``-`` for a text on standard input, or None.
    catalogs
        The user's own catalogue files, later ones on top.
    date
        ISO day of the text; today if None.

    Raises
    ------
    InputError
        If the file cannot be read, or the date is not a day.
    """
    catalog = load_catalog(catalogs)
    name = None if file is None else str(file)
    if name is not None and not name.lower().endswith((".yaml", ".yml")):
        return _audit_text(name, catalog, date)
    if date is not None:
        raise InputError("--date", date, "left out for a claims file", "Its claims have dates of their own.")
    # The modules of scenarios are loaded for claims only, so that an article is read in a second.
    from lindos.answers.scenario import answer
    from lindos.claims import load, load_file
    from lindos.scenario.schema import Scenario

    checked = load(catalog) if file is None else load_file(Path(file), catalog)
    title = "The catalogue's claims" if file is None else f"The claims of {Path(file).name}"
    # The limits of a scenario do not apply: a file of claims has its own.
    scenario = Scenario.model_construct(name="audit", title=title, claims=list(checked))
    return answer(scenario, catalog, command="audit", settings={"claims": checked})


def _audit_text(file: str, catalog: Catalog, date: str | None) -> Answer:
    """Read an article and check its numbers."""
    from lindos.claims.text.file import STANDARD_INPUT, read_article
    from lindos.claims.text.sections import sections

    try:
        day = datetime.date.fromisoformat(date) if date else datetime.datetime.now(tz=datetime.UTC).date()
    except ValueError:
        raise InputError("--date", date, "a day such as 2025-07-22") from None
    text = read_article(file)
    parts, document, ids = sections(text, catalog, day, file, lambda devices: _context(devices, catalog))
    check_sections(parts)
    label = "standard input" if file == STANDARD_INPUT else Path(file).name
    return Answer(
        command="audit",
        version=__version__,
        name="audit",
        title=f"The numbers of {label}",
        statement="",
        inputs={"file": label, "date": day.isoformat()},
        sections=parts,
        sources={name: catalog.source(name) for name in ids},
        extra=document,
    )


def _context(devices: tuple[str, ...], catalog: Catalog) -> "Context":
    """Return power and cost per device, for the fleets that a text counts."""
    from lindos.study.claims import context_for
    from lindos.study.floor import NUM_DRAWS

    return context_for(devices, catalog, catalog.sampled(NUM_DRAWS))
