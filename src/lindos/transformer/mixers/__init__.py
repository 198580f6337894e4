"""Operators and caches of mixers: one module for each kind, which has ``rows`` and ``cache``.

The module of a kind is named after the word of :data:`lindos.catalog.mixers.MIXERS`, with underscores.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from lindos.catalog.mixers import Mixer
from lindos.catalog.model import Model
from lindos.transformer.cache import Cache
from lindos.transformer.operators import Operator


class Kind(Protocol):
    """What a module of a kind of mixers offers."""

    def rows(self, mixer: Mixer, model: Model, sequence_length: int, count: float) -> Iterator[Operator]:
        """Yield the operators of ``count`` layers with the mixer."""

    def cache(self, mixer: Mixer, model: Model) -> Cache:
        """Get what a layer with the mixer keeps of a sequence."""

    def divisors(self, mixer: Mixer, model: Model) -> tuple[int, ...]:
        """List the numbers that tensor parallelism must divide."""


@cache
def kind_of(mixer: Mixer) -> Kind:
    """Get the module of a mixer's kind.

    Parameters
    ----------
    mixer
        Mixer of a group of layers.
    """
    return cast("Kind", import_module(f"{__name__}.{mixer.kind.replace('-', '_')}"))
