"""Memory of a command: threads share one heap."""

import sys
from contextlib import suppress

#: Parameter of glibc's ``mallopt`` for the number of heaps (``malloc.h``).
_ARENA_MAX = -8


def share_one_heap() -> None:
    """Let threads allocate from one heap where the C library is glibc; elsewhere do nothing.

    By default each thread of a simulation gets a heap of its own, which keeps what its largest arrays took: a third of
    the memory of ``lindos run colossus-2``.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
