"""How far a long command is, on standard error: a bar for who watches, a line now and then for a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lindos.cli.common import note

#: Seconds between two lines of a log; what takes less long is silent there.
LOG_EVERY = 15.0


@contextmanager
def counting(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """Count to ``total``, named in the plural by ``what``; gives a function that takes how many are done."""
    if not sys.stderr.isatty():
        yield _log(total, what)
        return
    from rich import progress as bars

    from lindos.terminal import console

    columns = (bars.BarColumn(), bars.MofNCompleteColumn(), bars.TextColumn(what), bars.TimeRemainingColumn())
    with bars.Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def _log(total: int, what: str) -> Callable[[int], None]:
    begin = time.monotonic()
    following = [begin + LOG_EVERY]

    def count(done: int) -> None:
        now = time.monotonic()
        if now < following[0]:
            return
        following[0] = now + LOG_EVERY
        from lindos.units import render

        left = (now - begin) / done * (total - done)
        note(f"lindos: {done:,} of {total:,} {what}, some {render(left, 's', 2)} to go")

    return count
