"""Declaration of an axis of a plan: its words, the parts of the model that read it, and its place in a search.

An axis is declared once, at its field of :class:`lindos.problem.plan.Plan`. From the declarations follow the results
that neighbours in a search share, the bounds on memory, and the fields of scenarios, commands and files of runs.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from enum import Enum, IntEnum, IntFlag
from typing import Any, NoReturn, TypeVar, get_type_hints

from lindos.errors import InputError
from lindos.quantities import Real

P = TypeVar("P")


class Loop(IntEnum):
    """Place of an axis in the nested loops of a search, the outermost first."""

    SPLIT = 0  # the split of layers, which alone decides the time of a micro-batch
    STAGES = 1
    REPLICAS = 2  # follows from the batch, the devices and the outer loops
    SCHEDULE = 3
    CHUNKS = 4
    RECOMPUTE = 5
    SHARDING = 6
    FIXED = 7  # not searched: the value of the user, or the default


class Kind(IntEnum):
    """Kind of value that a user writes for an axis, in the order in which a plan is shown."""

    DEGREE = 0  # a whole number of at least 1
    FLAG = 1
    CHOICE = 2  # one of some words
    SET = 3  # any of some words


@dataclass(frozen=True, slots=True)
class Axis:
    """One field of a plan.

    ``node`` is the value of a searched axis while the search bounds the outer loops. ``lightest`` are values of which
    one needs the least memory under every plan. An axis that no bound sets has neither.
    """

    label: str  # in tables and sentences
    _: KW_ONLY
    meaning: str  # in the help of a flag and the reference of a scenario
    readers: tuple[Enum, ...]  # parts of the model
    loop: Loop
    codes: type[IntEnum] | type[IntFlag] | None = None  # words of a choice or a set, and their codes
    is_flag: bool = False
    has_ranks: bool = False  # ranks of a degree above one communicate, with buffers of their own
    multiplies: bool = False  # the devices of a plan are the product of these degrees
    node: int | None = None
    lightest: tuple[int, ...] = ()
    column: str = ""  # of a file of runs
    column_zero: bool = False  # whether zero in that column means the same as 1
    column_required: bool = True

    @property
    def kind(self) -> Kind:
        """Get the kind of value that a user writes."""
        if self.is_flag:
            return Kind.FLAG
        if self.codes is None:
            return Kind.DEGREE
        return Kind.SET if issubclass(self.codes, IntFlag) else Kind.CHOICE

    @property
    def words(self) -> Mapping[str, int]:
        """Get the words of a choice or a set, with their codes."""
        members: Mapping[str, int] = self.codes.__members__ if self.codes else {}
        return {name.lower().replace("_", "-"): int(member) for name, member in members.items()}

    def code(self, value: Any) -> int:
        """Convert what a user wrote to the number inside a plan.

        Parameters
        ----------
        value
            Number, flag, word, or words joined by commas.

        Raises
        ------
        InputError
            If the axis does not have a word.
        """
        if self.codes is None:
            return int(value)
        words = split_words(value, self.words)
        if self.kind is Kind.CHOICE and len(words) > 1:
            raise InputError("value", value, f"one of {', '.join(self.words)}")
        return sum(self.words[word] for word in words)

    def word(self, number: Real) -> str | int:
        """Convert a number inside a plan to what a user writes."""
        code = int(number)
        if self.kind is Kind.CHOICE:
            return next(word for word, number in self.words.items() if number == code)
        if self.kind is Kind.SET:
            return ",".join(word for word, number in self.words.items() if number & code) or "none"
        return code


def split_words(text: str, words: Mapping[str, int]) -> tuple[str, ...]:
    """Split a list of words such as ``"activations,optimizer"`` into its distinct words.

    Parameters
    ----------
    text
        Words joined by commas or semicolons; an empty text and ``none`` contain no word.
    words
        Words that may be in the list, with their codes.

    Raises
    ------
    InputError
        If a word is not among ``words``.
    """
    listed = [word.strip().lower() for word in text.replace(";", ",").split(",")]
    if listed == [""] or (listed == ["none"] and "none" not in words):
        return ()
    for word in listed:
        if word not in words:
            raise InputError("value", text, f"any of {', '.join(words)}, joined by commas")
    return tuple(dict.fromkeys(listed))


def axes_of(plan: type) -> dict[str, Axis]:
    """Get the axes of a plan by name, in the order in which a plan is shown.

    Parameters
    ----------
    plan
        Class with an `Axis` in the annotation of every field.
    """
    hints = get_type_hints(plan, include_extras=True)
    declared = {
        name: next(note for note in hint.__metadata__ if isinstance(note, Axis)) for name, hint in hints.items()
    }
    return dict(sorted(declared.items(), key=lambda item: item[1].kind))


class _Unread:
    """Placeholder of an axis that a part of the model must not read, since it is no declared reader: any use fails."""

    def _fail(self, *_: Any) -> NoReturn:
        raise TypeError("a part of the model reads an axis whose declaration in lindos.problem.plan does not name it")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _fail
    __floordiv__ = __mod__ = __and__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _fail
    __bool__ = __float__ = __int__ = __index__ = __array__ = _fail
    __hash__ = None  # type: ignore[assignment]


_UNREAD = _Unread()


def restricted(plan: P, hidden: tuple[str, ...]) -> P:
    """Hide axes of a plan: a part of the model that reads one of them fails.

    Parameters
    ----------
    plan
        Any plan.
    hidden
        Names of the axes to hide.
    """
    return replace(plan, **dict.fromkeys(hidden, _UNREAD))  # type: ignore[type-var]
