"""Typed values of a configuration; they record the keys that were read and the defaults that were filled in."""

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

from lindos.bounds import Bounds
from lindos.catalog.huggingface.families import Family, library
from lindos.catalog.model import Model
from lindos.errors import InputError, value_text

ABSENT: Any = object()
#: Upper limit of a count that is no field of a model.
MOST = 100_000_000
#: Activation functions that multiply a gate and a value.
GATED_ACTIVATIONS = ("swiglu", "geglu", "reglu", "glu", "gelu_glu", "swigluoai")


class Values:
    """Values of one configuration under the conventions of its family.

    A value is read by its ``name`` here; the family lists the keys that it may have in the file.

    Attributes
    ----------
    used
        Keys of the file that were read.
    defaults
        Values that the library filled in, by key.
    """

    def __init__(self, data: Mapping[str, Any], model_type: str, family: Family | None) -> None:
        """Prepare to read ``data``, whose sections are dotted keys, under the conventions of ``family``."""
        self.data, self.model_type = data, model_type
        self.has_family = family is not None
        self.family = family or Family(names=library().names)
        self.used: set[str] = set()
        self.defaults: dict[str, Any] = {}

    def key(self, name: str) -> str:
        """Find the key that has a value: in the file, else in the library's defaults; empty where there is none.

        Parameters
        ----------
        name
            Name of the value.
        """
        keys = self.family.names.get(name, (name,))
        stated = [key for key in keys if key in self.data]
        self.used.update(stated)
        if stated:
            return next((key for key in stated if self.data[key] is not None), "")
        return next((key for key in keys if self.family.defaults.get(key) is not None), "")

    def get(self, name: str) -> Any:
        """Get a value under any of its keys, or None.

        Parameters
        ----------
        name
            Name of the value.
        """
        key = self.key(name)
        if not key:
            return None
        if key in self.data:
            return self.data[key]
        self.defaults[key] = self.family.defaults[key]
        return self.family.defaults[key]

    def count(self, name: str, default: Any = ABSENT, *, at_least: int = 1, at_most: int = 0) -> int:
        """Get a whole number under any of its keys.

        Parameters
        ----------
        name
            Name of the value.
        default
            Number where it is left out.
        at_least, at_most
            Bounds; ``at_most`` 0 takes the bound of the model's field.

        Raises
        ------
        InputError
            If it is left out without a default, or no whole number within the bounds.
        """
        value = self.get(name)
        if value is not None:
            return whole_number(f"config.{self.key(name)}", value, at_least, at_most or _limits().get(name, MOST))
        if default is not ABSENT:
            return int(default)
        keys = self.family.names.get(name, (name,))
        key = next((key for key in keys if key in self.data), keys[0])
        alternatives = [name for name in keys if name != key]
        hint = f"Other names read: {', '.join(alternatives)}." if alternatives and not self.has_family else ""
        if self.model_type and not self.has_family:
            hint = f"Model type {self.model_type} is not known here. {hint}".strip()
        raise InputError(f"config.{key}", None, "given", hint)

    def flag(self, name: str, default: bool = False) -> bool:
        """Get true or false.

        Parameters
        ----------
        name
            Name of the value.
        default
            Value where it is null or left out.
        """
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise InputError(f"config.{name}", value, "true or false")
        if value is None:
            value = self.family.defaults.get(name)
        return default if value is None else bool(value)

    def entries(self, name: str) -> list[Any]:
        """Get a list; empty where it is left out.

        Parameters
        ----------
        name
            Name of the value.
        """
        value = self.get(name)
        if value is not None and not isinstance(value, list):
            raise InputError(f"config.{name}", value, "a list")
        return value or []

    def text(self, name: str) -> str:
        """Get a text in lower case; empty where it is left out.

        Parameters
        ----------
        name
            Name of the value.
        """
        value = self.get(name)
        if isinstance(value, dict):  # such as {"name": "silu"} of DBRX
            value = value.get("name")
        if value is not None and not isinstance(value, str):
            raise InputError(f"config.{self.key(name)}", value, "a text such as silu")
        return (value or "").lower()


def whole_number(path: str, value: Any, at_least: int, at_most: int) -> int:
    """Check that a value is a whole number within bounds.

    Parameters
    ----------
    path
        Path of the value, for the error message.
    value
        The value; a list of equal numbers counts as that number.
    at_least, at_most
        Bounds.

    Raises
    ------
    InputError
        If it is not.
    """
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        value = value[0]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or (isinstance(value, float) and not math.isfinite(value)) or value != int(value):
        raise InputError(path, value, f"a whole number of at least {at_least}")
    if value < at_least:
        raise InputError(path, value, f"a whole number of at least {at_least}")
    if value > at_most:
        raise InputError(path, value, f"a whole number of at most {at_most:,}")
    return int(value)


@cache
def _limits() -> dict[str, int]:
    """Largest value of each count of a model, as its fields declare it."""
    hints = get_type_hints(Model, include_extras=True)
    bounds = {name: next((b for b in get_args(hint) if isinstance(b, Bounds)), None) for name, hint in hints.items()}
    return {
        name: int(bound.limits("1")[1]) for name, bound in bounds.items() if bound and hints[name].__origin__ is int
    }


def printable(key: str) -> str:
    """Write a key of a file unchanged where it is short and plain, else quoted and shortened.

    Parameters
    ----------
    key
        The key.
    """
    return key if re.fullmatch(r"[\w.-]{1,80}", key, re.ASCII) else value_text(key)


def is_on(value: Any) -> bool:
    """Tell whether a value switches something on: false, zero, null and empty values do not.

    Parameters
    ----------
    value
        The value.
    """
    return value not in (None, False, 0, 0.0, "", "none", "None", [], {})
