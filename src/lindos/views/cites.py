"""What a number rests on most: the facts that move it most, in words, each with its source."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lindos.catalog.facts import Fact
from lindos.elements import Cite

#: Facts that a number names, at most.
_MOST_NAMED = 3
#: Change of a number by one per cent of a fact, over the largest such change, below which a fact is not named.
_LEAST_SHARE = 0.05
#: Short words that are written in capitals.
_CAPITALS = ("pue", "gpu", "nic", "mtbf", "it", "hfu", "mfu")


def cites(varied: Any, columns: Sequence[tuple[int, Fact[Any]]]) -> tuple[Cite, ...]:
    """List the facts that move a number most, the strongest first.

    Parameters
    ----------
    varied
        Number of the varied world, shape (num_columns,).
    columns
        Columns of the facts that it depends on, each with its fact.
    """
    if varied is None or not columns:
        return ()
    values = np.atleast_1d(np.asarray(varied, dtype=float)).ravel()
    effects = [(abs(float(values[index] - values[0])), fact) for index, fact in columns]
    effects.sort(key=lambda pair: -pair[0])
    largest = effects[0][0]
    return tuple(
        Cite(fact=fact.path, words=words_of(fact.path), source=fact.sources[0] if fact.sources else "")
        for effect, fact in effects[:_MOST_NAMED]
        if effect >= _LEAST_SHARE * largest
    )


def words_of(path: str) -> str:
    """Write the path of a fact in words.

    >>> words_of("systems.gb200-nvl72.price"), words_of("parameters.economics.construction_cost")
    ('price of gb200-nvl72', 'construction cost')
    >>> words_of("parameters.reliability.hopper.device_mtbf")
    'device MTBF of hopper'
    >>> words_of("parameters.inference.burstiness")
    'burstiness of inference'

    Parameters
    ----------
    path
        Kind, record and field; or ``parameters.`` and the name of a parameter.
    """
    kind, _, rest = path.partition(".")
    name, _, field = rest.rpartition(".")
    words = " ".join(word.upper() if word in _CAPITALS else word for word in field.split("_"))
    if kind == "parameters":
        # The first part of the name of a parameter is its topic; a further one is what it is a parameter of.
        topic, _, name = name.partition(".")
        name = name.replace("_", " ")
        if "_" not in field and not name:
            words = f"{words} of {topic.replace('_', ' ')}"
    return f"{words} of {name}" if name else words


def listed(words: Iterable[str]) -> str:
    """Join words for a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'

    Parameters
    ----------
    words
        The words.
    """
    parts = list(words)
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
