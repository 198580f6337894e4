"""Workers on this machine: processes through `concurrent.futures`, one to an executor, so that a death has a name."""

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

#: Bytes of the longest temporary folder below which a socket of `multiprocessing` still has a name.
_LONGEST_TEMPORARY = 60
_CONTEXT: Context | None = None


class LocalEngine:
    """Processes that start from a clean one: no thread, lock or handle of the parent is copied into them."""

    name = "local"
    is_exact = True  # a process hands over an outcome before it takes the next scenario

    def __init__(self, context: Context, num_workers: int) -> None:
        """Answer scenarios of ``context`` in so many processes."""
        self._context, self.num_workers = context, num_workers
        self._start_method = _start_method()

    def start(self) -> tuple[ProcessPoolExecutor, "Future[int]"]:
        """A process, and a handle that is done when it runs."""
        executor = ProcessPoolExecutor(1, self._start_method, initializer=_begin, initargs=(self._context,))
        with _deaf():
            return executor, executor.submit(os.getpid)

    def submit(self, worker: ProcessPoolExecutor, overrides: Mapping[str, Any]) -> "Future[Outcome]":
        """A handle of the outcome of a scenario."""
        try:
            return worker.submit(_solve, overrides)
        except BrokenProcessPool as death:
            raise WorkerDied(str(death)) from None

    def wait(self, handles: Sequence["Future[Any]"], seconds: float) -> "set[Future[Any]]":
        """Those that are done after at most so long."""
        return wait(handles, seconds, FIRST_COMPLETED).done

    def result(self, handle: "Future[Any]") -> Any:
        """What a handle stands for."""
        try:
            return handle.result()
        except BrokenProcessPool as death:
            raise WorkerDied(str(death)) from None

    def refused(self, reason: str) -> InputError:
        """The sentence for a user whose processes do not start."""
        return InputError("--engine", self.name, "an engine whose processes start", f"Python says: {reason}")

    def stop(self, worker: ProcessPoolExecutor) -> None:
        """End a process, whatever it is at."""
        for process in list((getattr(worker, "_processes", None) or {}).values()):
            process.kill()
        worker.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """Nothing is left."""


def cores() -> int:
    """Cores that this process may use."""
    count: int = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return count


def most_workers() -> int:
    """Return the most processes that may be asked for: beyond some a core they only take memory from each other."""
    return max(64, 4 * cores())


def _start_method() -> BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods() or not _has_room_for_sockets():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    # Modules are imported once, in the process that all workers start from.
    context.set_forkserver_preload([__name__])
    return context


def _has_room_for_sockets() -> bool:
    """Whether there is a temporary folder for the socket of the process that workers start from."""
    try:
        return len(os.fsencode(tempfile.gettempdir())) <= _LONGEST_TEMPORARY
    except FileNotFoundError:
        return False


@contextmanager
def _deaf() -> Iterator[None]:
    """Hand on no signal to processes that are started here, for good.

    A terminal and a batch system send a signal to the whole group. Only the parent hears it: it stops between two
    outcomes and ends the others itself.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Starting it lifts the mask, so it is there before.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(context: Context) -> None:
    """Keep what scenarios share, leave signals to the parent, and end when it does."""
    global _CONTEXT
    _CONTEXT = context
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed cannot say so, and its workers would wait for it for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _solve(overrides: Mapping[str, Any]) -> Outcome:
    assert _CONTEXT is not None
    return _CONTEXT.solve(overrides)
