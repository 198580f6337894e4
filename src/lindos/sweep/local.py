"""Workers on this machine: processes of `concurrent.futures`, one per executor, so that a failure can be attributed."""

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.context import BaseContext
from typing import Any

from lindos.errors import InputError
from lindos.sweep.crew import WorkerDied
from lindos.sweep.solve import Context, Outcome

#: Bytes of the longest path of a temporary folder; in a longer one `multiprocessing` cannot open its socket.
_LONGEST_TEMPORARY = 60
_CONTEXT: Context | None = None


class LocalEngine:
    """Processes that are forked from a clean server, so that they copy no thread, lock or handle of the parent."""

    name = "local"
    is_exact = True  # a process hands over an outcome before it takes the next scenario

    def __init__(self, context: Context, num_workers: int) -> None:
        """Answer scenarios of ``context`` in ``num_workers`` processes."""
        self._context, self.num_workers = context, num_workers
        self._start_method = _start_method()

    def start(self) -> tuple[ProcessPoolExecutor, "Future[int]"]:
        """Start a process; return it with a handle that is done when it runs."""
        executor = ProcessPoolExecutor(1, self._start_method, initializer=_begin, initargs=(self._context,))
        with _deaf():
            return executor, executor.submit(os.getpid)

    def submit(self, worker: ProcessPoolExecutor, overrides: Mapping[str, Any]) -> "Future[Outcome]":
        """Send a scenario to a process and return the handle of its outcome."""
        try:
            return worker.submit(_solve, overrides)
        except BrokenProcessPool as death:
            raise WorkerDied(str(death)) from None

    def wait(self, handles: Sequence["Future[Any]"], seconds: float) -> "set[Future[Any]]":
        """Wait at most ``seconds`` until a handle is done, and return the handles that are done."""
        return wait(handles, seconds, FIRST_COMPLETED).done

    def result(self, handle: "Future[Any]") -> Any:
        """Return the outcome of a handle that is done."""
        try:
            return handle.result()
        except BrokenProcessPool as death:
            raise WorkerDied(str(death)) from None

    def refused(self, reason: str) -> InputError:
        """Make the error for a user whose processes do not start."""
        return InputError("--engine", self.name, "an engine whose processes start", f"Python says: {reason}")

    def stop(self, worker: ProcessPoolExecutor) -> None:
        """End a process, busy or not."""
        for process in list((getattr(worker, "_processes", None) or {}).values()):
            process.kill()
        worker.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """Do nothing: processes share nothing."""


def cores() -> int:
    """Return the number of cores that this process may use."""
    count: int = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return count


def most_workers() -> int:
    """Return the largest number of processes that may be asked for: more would only compete for memory."""
    return max(64, 4 * cores())


def local_workers(workers: int | None, num_scenarios: int) -> int:
    """Return the number of processes for a sweep: one per core, but no more than scenarios.

    Parameters
    ----------
    workers
        Number that the user asks for; one per core if None.
    num_scenarios
        Number of scenarios of the sweep.

    Raises
    ------
    InputError
        If ``workers`` is less than one, or more than this machine can use.
    """
    if workers is not None and workers < 1:
        raise InputError("--workers", workers, "at least one process")
    if workers is not None and workers > most_workers():
        raise InputError("--workers", workers, f"at most {most_workers()} processes on this machine of {cores()} cores")
    return min(workers or cores(), num_scenarios)


def _start_method() -> BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods() or not _has_room_for_sockets():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    # Modules are imported once, in the process that all workers start from.
    context.set_forkserver_preload([__name__])
    return context


def _has_room_for_sockets() -> bool:
    """Tell whether the temporary folder can hold the socket of the server that workers start from."""
    try:
        return len(os.fsencode(tempfile.gettempdir())) <= _LONGEST_TEMPORARY
    except FileNotFoundError:
        return False


@contextmanager
def _deaf() -> Iterator[None]:
    """Block signals in the processes that are started here, for good.

    A terminal and a batch system send a signal to the whole process group. Only the parent handles it: it stops
    between two outcomes and ends the workers itself.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Starting the tracker lifts the mask, so it is started first.
    resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _begin(context: Context) -> None:
    """Store what scenarios share, leave signals to the parent, and end with it."""
    global _CONTEXT
    _CONTEXT = context
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent has ended: a killed parent cannot stop its workers."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _solve(overrides: Mapping[str, Any]) -> Outcome:
    assert _CONTEXT is not None
    return _CONTEXT.solve(overrides)
