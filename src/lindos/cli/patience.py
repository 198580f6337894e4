"""A line on standard error while a question takes long: what is computed, and for how long."""

import sys
import threading
import time
from types import TracebackType

from lindos.cli.common import note

#: Seconds after which the first line is printed; each next line comes after twice the time. Nobody waits before a log.
FIRST, FIRST_OF_A_LOG = 2.0, 10.0


class Patience:
    """Prints what is computed after two seconds (ten, if nobody watches), and again after twice the time each.

    >>> with Patience(first=60.0) as patience:
    ...     patience.begins("What is the cluster?")
    """

    def __init__(self, first: float | None = None) -> None:
        """Start the clock.

        Parameters
        ----------
        first
            Seconds until the first line; by whether standard error is a terminal if None.
        """
        if first is None:
            first = FIRST if sys.stderr.isatty() else FIRST_OF_A_LOG
        self._first, self._start, self._question = first, time.monotonic(), ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def begins(self, question: str) -> None:
        """Note the question that is computed from now on.

        Parameters
        ----------
        question
            The question, in words.
        """
        self._question = question

    def __enter__(self) -> "Patience":
        """Start to watch."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to watch."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        wait = self._first
        while not self._ended.wait(wait):
            passed = time.monotonic() - self._start
            about = f": {self._question}" if self._question else ""
            note(f"Still at work after {passed:.0f} s{about}")
            wait = passed
