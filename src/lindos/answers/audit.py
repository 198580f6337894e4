"""The claims of a file, or those of the catalogue, checked against the physics."""

from collections.abc import Sequence
from pathlib import Path

from lindos.answers.answer import Answer
from lindos.answers.scenario import assemble
from lindos.catalog import load_catalog
from lindos.claims import load_file
from lindos.scenario.schema import Scenario
from lindos.study import claims
from lindos.study.floor import NUM_DRAWS


def audit_file(file: str | None, catalogs: Sequence[Path] = ()) -> Answer:
    """Check the claims of a YAML file, or those of the catalogue.

    Parameters
    ----------
    file
        Path of the file; the claims of the catalogue where left out.
    catalogs
        The user's own catalogue files, later ones on top.
    """
    from lindos.claims import load

    catalog = load_catalog(catalogs)
    checked = load(catalog) if file is None else load_file(Path(file), catalog)
    section = claims.of(checked, catalog, catalog.sampled(NUM_DRAWS))
    title = "The catalogue's claims" if file is None else f"The claims of {Path(file).name}"
    scenario = Scenario(name="audit", title=title, claims=list(checked))
    return assemble(scenario, catalog, "audit", [section])
