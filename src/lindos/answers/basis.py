"""What the figures of an answer rest on, where that is weak: priors, and sources that were recalled and not read."""

from collections.abc import Iterable, Iterator

from lindos.catalog import Catalog
from lindos.catalog.priors import is_prior
from lindos.elements import Figure


def basis_warnings(figures: Iterable[Figure], catalog: Catalog) -> Iterator[str]:
    """Write a sentence on the priors that figures rest on, and one on their recalled sources.

    Parameters
    ----------
    figures
        Figures with the paths of their facts.
    catalog
        The facts.
    """
    paths = dict.fromkeys(path for figure in figures for path in figure.facts)
    facts = {path: fact for path in paths if (fact := catalog.fact(path)) is not None}
    priors = [path for path, fact in facts.items() if is_prior(fact)]
    if priors:
        yield (
            f"Nobody has published {_listed(priors)}: figures rest on priors by family and year, wide and computed "
            "from what is published (`lindos catalog show NAME` says how). Give your own in a catalogue file."
        )
    recalled = [path for path, fact in facts.items() if any(catalog.grade(name) == "recalled" for name in fact.sources)]
    if recalled:
        yield f"The source of {_listed(recalled)} was recalled, not read: check it before you rely on a figure."


def _listed(paths: list[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{', '.join(paths[:-1])} and {paths[-1]}"
