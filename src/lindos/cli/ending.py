"""End of a command that fails: one sentence on standard error, and an exit code."""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

from lindos.terminal import printable


class Stopped(BaseException):
    """A signal that asks the process to end; open files are closed on the way out."""

    def __init__(self, number: int) -> None:
        """Store the signal's ``number``."""
        self.number = number
        super().__init__(number)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise `Stopped` for the signals that batch systems and services send to end a process."""
    handlers = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # Signals that the caller ignores, as nohup does with SIGHUP, stay ignored.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            handlers[number] = signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    # Batch systems send the signal to the process and to its group: the second one must not interrupt the clean-up.
    signal.signal(number, signal.SIG_IGN)
    raise Stopped(number)


def ended(error: BaseException) -> int:
    """Print why the command ended, and return its exit code; raise the error if it is a fault of Lindos.

    Parameters
    ----------
    error
        Exception that ended the command.
    """
    if isinstance(error, click.exceptions.Abort):
        # Click raises this for an interrupt, which is its cause or its context.
        error = error.__cause__ or error.__context__ or error
    if isinstance(error, BrokenPipeError):
        # The reader of the output has closed it.
        _abandon_output()
        return 0
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return 2
    sentence, code = _sentence(error)
    with suppress(OSError):
        click.echo(f"lindos: {printable(sentence)}", err=True)
    return code


def _sentence(error: BaseException) -> tuple[str, int]:
    from lindos.errors import LindosError

    if isinstance(error, Stopped):
        return f"stopped by {signal.Signals(error.number).name}.", 128 + error.number
    if isinstance(error, (KeyboardInterrupt, click.exceptions.Abort, EOFError)):
        return "stopped.", 128 + signal.SIGINT
    if isinstance(error, click.ClickException):
        return error.format_message().strip(), 2
    if isinstance(error, LindosError):
        return str(error), error.exit_code
    if isinstance(error, MemoryError):
        return "this needs more memory than there is. Ask for less, or use a larger machine.", 3
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF):
        _abandon_output()
        return f"output cannot be written. The system says: {error.strerror}.", 1
    raise error


def _abandon_output() -> None:
    """Discard the rest of standard output, so that the end of the process does not fail on it again."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
