"""What the declaration of a plan's axis says: its words, who reads it, and its place in a search.

An axis is declared once, beside its field of :class:`lindos.problem.plan.Plan`. Which results neighbours in a search
share, which memory they need, which fields a scenario, the command line and a file of runs have: all of it follows.
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

    SPLIT = 0  # how layers are cut up: all that a micro-batch takes
    STAGES = 1
    REPLICAS = 2  # follows from the batch, the devices and the loops outside
    SCHEDULE = 3
    CHUNKS = 4
    RECOMPUTE = 5
    SHARDING = 6
    FIXED = 7  # not searched: the user's value, or the default


class Kind(IntEnum):
    """What a user writes for an axis; in the order in which a plan is shown."""

    DEGREE = 0  # a whole number of at least 1
    FLAG = 1
    CHOICE = 2  # one of some words
    SET = 3  # any of some words


@dataclass(frozen=True, slots=True)
class Axis:
    """One field of a plan.

    ``node`` is the value of a searched axis while the loops outside it are bounded; ``lightest`` are values of which
    one takes least memory under every plan. Both are left out where a bound does not set the axis.
    """

    label: str  # in tables and sentences
    _: KW_ONLY
    meaning: str  # in the help of a flag and the reference of a scenario
    readers: tuple[Enum, ...]  # parts of the model
    loop: Loop
    codes: type[IntEnum] | type[IntFlag] | None = None  # of words
    is_flag: bool = False
    has_ranks: bool = False  # ranks of a degree above one communicate, with buffers of their own
    multiplies: bool = False  # the devices of a plan are the product of these degrees
    node: int | None = None
    lightest: tuple[int, ...] = ()
    column: str = ""  # of a file of runs
    column_zero: bool = False  # zero says in that column that the run does without, as 1 does
    column_required: bool = True

    @property
    def kind(self) -> Kind:
        """What a user writes."""
        if self.is_flag:
            return Kind.FLAG
        if self.codes is None:
            return Kind.DEGREE
        return Kind.SET if issubclass(self.codes, IntFlag) else Kind.CHOICE

    @property
    def words(self) -> Mapping[str, int]:
        """Words of a choice or a set, with their codes."""
        members: Mapping[str, int] = self.codes.__members__ if self.codes else {}
        return {name.lower().replace("_", "-"): int(member) for name, member in members.items()}

    def code(self, value: Any) -> int:
        """The number inside a plan for what a user wrote: a number, a flag, a word, or words joined by commas.

        Raises
        ------
        InputError
            If a word is not one of the axis.
        """
        if self.codes is None:
            return int(value)
        words = split_words(value, self.words)
        if self.kind is Kind.CHOICE and len(words) > 1:
            raise InputError("value", value, f"one of {', '.join(self.words)}")
        return sum(self.words[word] for word in words)

    def word(self, number: Real) -> str | int:
        """What a user writes for a plain number of a plan."""
        code = int(number)
        if self.kind is Kind.CHOICE:
            return next(word for word, number in self.words.items() if number == code)
        if self.kind is Kind.SET:
            return ",".join(word for word, number in self.words.items() if number & code) or "none"
        return code


def split_words(text: str, words: Mapping[str, int]) -> tuple[str, ...]:
    """Distinct words of a list such as ``"activations,optimizer"``; none of them for an empty text or ``none``.

    Raises
    ------
    InputError
        If one is not among ``words``.
    """
    listed = [word.strip().lower() for word in text.replace(";", ",").split(",")]
    if listed == [""] or (listed == ["none"] and "none" not in words):
        return ()
    for word in listed:
        if word not in words:
            raise InputError("value", text, f"any of {', '.join(words)}, joined by commas")
    return tuple(dict.fromkeys(listed))


def axes_of(plan: type) -> dict[str, Axis]:
    """Axes of a plan class by name, in the order in which a plan is shown."""
    hints = get_type_hints(plan, include_extras=True)
    declared = {
        name: next(note for note in hint.__metadata__ if isinstance(note, Axis)) for name, hint in hints.items()
    }
    return dict(sorted(declared.items(), key=lambda item: item[1].kind))


class _Unread:
    """Stands for an axis that a part must not read, since its declaration does not name the part: any use fails."""

    def _fail(self, *_: Any) -> NoReturn:
        raise TypeError("a part of the model reads an axis whose declaration in lindos.problem.plan does not name it")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _fail
    __floordiv__ = __mod__ = __and__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _fail
    __bool__ = __float__ = __int__ = __index__ = __array__ = _fail
    __hash__ = None  # type: ignore[assignment]


_UNREAD = _Unread()


def restricted(plan: P, hidden: tuple[str, ...]) -> P:
    """``plan`` with the ``hidden`` axes out of reach: a part that reads one of them fails."""
    return replace(plan, **dict.fromkeys(hidden, _UNREAD))  # type: ignore[type-var]
