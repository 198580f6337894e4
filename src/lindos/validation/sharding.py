"""How a run's words for ZeRO and FSDP name what data-parallel ranks share."""

import re

from lindos.problem.plan import Sharding

_STAGES = (Sharding.NONE, Sharding.OPTIMIZER, Sharding.GRADIENTS, Sharding.PARAMETERS)
_GROUP = re.compile(r"\((\d+)\)|fsdp (\d+) per")


def sharding_of(words: str, default: str) -> tuple[int, int, bool]:
    """Sharding, ranks that share one copy (0: all), and whether the words said so.

    ``default`` is the software's own, which plain data parallelism (``ddp``) also uses.

    >>> sharding_of("zero1(8)", "none"), sharding_of("", "optimizer")
    ((1, 8, True), (1, 0, False))
    """
    text = words.lower().strip()
    found = _GROUP.search(text)
    group = int(found[1] or found[2]) if found else 0
    if stage := re.search(r"zero[- ]?([0-3])", text):
        return int(_STAGES[int(stage[1])]), group, True
    if "fsdp" in text:
        return int(Sharding.PARAMETERS), group, True
    if text == "none":
        return int(Sharding.NONE), 0, True
    own = Sharding[default.upper()]
    if text == "ddp":
        return int(min(own, Sharding.OPTIMIZER)), 0, True
    return int(own), 0, False
