"""Limits of time in tests, stretched on a machine that is slower or busier than the one that set them."""

import re
import time
from collections.abc import Callable

#: CPU seconds of ``_work`` on the machine on which the limits were set.
_REFERENCE = 0.10
_WORDS = "each the a an every one 12 of 345 " * 2_000
_PATTERN = re.compile(r"(?:every|each|\d+)(?= )|[a-z]+")


def _work() -> int:
    """Do a fixed amount of work of the kind that the limits are about: regular expressions, dictionaries, floats."""
    counts: dict[str, float] = {}
    for _ in range(14):
        for match in _PATTERN.finditer(_WORDS):
            counts[match.group()] = counts.get(match.group(), 0.0) + match.start() * 0.5
    return len(counts)


def cpu_seconds(call: Callable[[], object]) -> float:
    """Return the processor seconds that a call takes in this process.

    Parameters
    ----------
    call
        The work to be timed.
    """
    start = time.process_time()
    call()
    return time.process_time() - start


def stretched(seconds: float) -> float:
    """Return a limit in seconds as it stands on this machine, now: never shorter than it was set.

    Parameters
    ----------
    seconds
        The limit on the reference machine, in processor seconds.
    """
    return seconds * max(1.0, min(cpu_seconds(_work) for _ in range(2)) / _REFERENCE)
