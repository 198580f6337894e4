"""Progress of a long command on standard error: a bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lindos.cli.common import note

#: Seconds between two lines of a log; a shorter command prints none.
LOG_EVERY = 15.0


@contextmanager
def counting(total: int, noun: str) -> Iterator[Callable[[int], None]]:
    """Show the progress of a count.

    Parameters
    ----------
    total
        Number of items.
    noun
        What the items are, in the plural.

    Yields
    ------
    Callable
        Function to call with the number of items that are done.
    """
    if not sys.stderr.isatty():
        yield _log(total, noun)
        return
    from rich import progress as bars

    from lindos.terminal import console

    columns = (bars.BarColumn(), bars.MofNCompleteColumn(), bars.TextColumn(noun), bars.TimeRemainingColumn())
    with bars.Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(noun, total=total)
        yield lambda done: bar.update(task, completed=done)


def _log(total: int, noun: str) -> Callable[[int], None]:
    begin = time.monotonic()
    following = [begin + LOG_EVERY]

    def count(done: int) -> None:
        clock = time.monotonic()
        if clock < following[0]:
            return
        following[0] = clock + LOG_EVERY
        from lindos.units import render

        left = (clock - begin) / done * (total - done)
        note(f"lindos: {done:,} of {total:,} {noun}, some {render(left, 's', 2)} to go")

    return count
