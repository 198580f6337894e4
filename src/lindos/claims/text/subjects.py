"""Mentions of names of the catalogue: devices, racks, models, sites, supercomputers and companies."""

import re
from functools import lru_cache
from typing import NamedTuple

from lindos.catalog import Catalog


class Mention(NamedTuple):
    """A place where the text names something of the catalogue."""

    start: int
    end: int
    kind: str  # kind of the catalogue, or family
    id: str
    plural: bool


#: Kinds in order: a name of several things takes the first.
_KINDS = ("sites", "systems", "accelerators", "models", "supercomputers", "companies")
_DATED = re.compile(r"-\d{4}-\d{2}$")


def mentions_of(text: str, catalog: Catalog) -> list[Mention]:
    """Find all names of the catalogue in a text, in order; the longest name wins.

    Parameters
    ----------
    text
        The text.
    catalog
        Source of the names.
    """
    pattern, names = _pattern(catalog)
    result = []
    for match in pattern.finditer(text):
        kind, id = names[_key(match.group("name"))]
        result.append(Mention(match.start(), match.end(), kind, id, match.group("plural") == "s"))
    return result


@lru_cache(maxsize=4)
def _pattern(catalog: Catalog) -> tuple[re.Pattern[str], dict[str, tuple[str, str]]]:
    names: dict[str, tuple[str, str]] = {}
    for kind in _KINDS:
        for written, id in catalog.spoken_as(kind).items():
            for word in _spellings(kind, written, id):
                names.setdefault(_key(word), (kind, _DATED.sub("", id)))
    for id in catalog.names("accelerators"):
        family = catalog.accelerator(id).family
        names.setdefault(_key(id.upper()), ("accelerators", id))
        if family not in ("tpu", "trainium", "gaudi") and family.isalpha():
            names.setdefault(_key(family.capitalize()), ("family", family))
    words = sorted(names, key=len, reverse=True)
    spelled = "|".join(re.escape(word).replace(r"\ ", "[ \u00a0-]") for word in words)
    return re.compile(rf"(?<![\w@])(?P<name>{spelled})(?P<plural>s?)(?!\w)"), names


def _key(word: str) -> str:
    return re.sub(r"[ \u00a0-]", " ", word)


def _spellings(kind: str, written: str, id: str) -> list[str]:
    """Return the spellings of a title or alias in prose."""
    if "_" in written or len(written) < 2:
        return []
    words = [written]
    head = re.split(r",| on the list| Booster", written)[0]
    if kind == "supercomputers":
        words.append(head)
        words += [word.capitalize() for word in (written, head) if word.isupper() and len(word) > 4]
    return [word for word in words if word[0].isupper() or (kind == "companies" and word == "xAI")]
