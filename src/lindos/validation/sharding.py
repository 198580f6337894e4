"""Translate a run's words for ZeRO and FSDP into what data-parallel ranks share."""

import re

from lindos.problem.plan import Sharding

_STAGES = (Sharding.NONE, Sharding.OPTIMIZER, Sharding.GRADIENTS, Sharding.PARAMETERS)
_GROUP = re.compile(r"\((\d+)\)|fsdp (\d+) per")


def sharding_of(words: str, default: str) -> tuple[int, int, bool]:
    """Translate a row's words for sharding.

    Parameters
    ----------
    words
        The cell of the row.
    default
        Sharding that the software uses by default, also for plain data parallelism (``ddp``).

    Returns
    -------
    sharding : int
        Code of :class:`~lindos.problem.plan.Sharding`.
    group : int
        Number of ranks that share one copy; 0 means all ranks.
    is_stated : bool
        Whether the words state the sharding.

    Examples
    --------
    >>> sharding_of("zero1(8)", "none"), sharding_of("", "optimizer")
    ((1, 8, True), (1, 0, False))
    """
    text = words.lower().strip()
    group_match = _GROUP.search(text)
    group = int(group_match[1] or group_match[2]) if group_match else 0
    if stage := re.search(r"zero[- ]?([0-3])", text):
        return int(_STAGES[int(stage[1])]), group, True
    if "fsdp" in text:
        return int(Sharding.PARAMETERS), group, True
    if text == "none":
        return int(Sharding.NONE), 0, True
    usual = Sharding[default.upper()]
    if text == "ddp":
        return int(min(usual, Sharding.OPTIMIZER)), 0, True
    return int(usual), 0, False
