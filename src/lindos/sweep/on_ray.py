"""Workers on a Ray cluster: each is an actor, to which what scenarios share is sent once."""

import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from lindos import __version__
from lindos.errors import InputError
from lindos.sweep.crew import WorkerDied
from lindos.sweep.solve import Context, Outcome

#: Seconds to wait for a machine that does not answer.
_PATIENCE = 5.0
_PORTS = {"ray": 10001}


class RayEngine:
    """Actors of one CPU each, on a running cluster."""

    name = "ray"
    is_exact = False  # an actor that dies may lose the outcome that it has just computed

    def __init__(
        self,
        context: Context,
        num_workers: int | None = None,
        address: str | None = None,
        *,
        most: int | None = None,
    ) -> None:
        """Join the cluster at ``address``, that of ``RAY_ADDRESS``, or the one of this machine.

        Parameters
        ----------
        context
            What the scenarios share.
        num_workers
            Actors to start; one for each CPU of the cluster where left out.
        address
            ``HOST:PORT``, ``ray://HOST:PORT``, or ``local`` for a cluster of this machine's own.
        most
            More actors than that, the number of scenarios, would have nothing to do.

        Raises
        ------
        InputError
            If Ray is not installed, or no cluster answers there.
        """
        try:
            import ray
        except ImportError:
            raise InputError(
                "--engine", "ray", "an engine that is installed", "Run `pip install lindos[ray]`."
            ) from None
        self._ray: Any = ray
        self._is_own = not ray.is_initialized()
        if self._is_own:
            _join(ray, address or os.environ.get("RAY_ADDRESS") or "auto")
        available = num_workers or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self.num_workers = min(available, most or available)
        self._actor: Any = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Actor)
        self._context = ray.put(context)

    def start(self) -> tuple[Any, Any]:
        """Start an actor; return it with a handle that is done when it runs."""
        actor = self._actor.remote(self._context)
        return actor, actor.version.remote()

    def submit(self, worker: Any, overrides: Mapping[str, Any]) -> Any:
        """Send a scenario to an actor and return the handle of its outcome."""
        return worker.solve.remote(overrides)

    def wait(self, handles: Sequence[Any], seconds: float) -> set[Any]:
        """Wait at most ``seconds`` until a handle is done, and return the handles that are done."""
        try:
            if self._ray.wait(list(handles), num_returns=1, timeout=seconds)[0]:
                return set(self._ray.wait(list(handles), num_returns=len(handles), timeout=0)[0])
        except (self._ray.exceptions.RayError, ConnectionError) as error:
            hint = f"What is finished is kept: go on with --resume. Ray says: {_last_line(str(error))}"
            raise InputError("--engine", self.name, "on a cluster that stays", hint) from None
        return set()

    def result(self, handle: Any) -> Any:
        """Return the outcome of a handle that is done."""
        try:
            outcome = self._ray.get(handle)
        except self._ray.exceptions.RayError as death:
            raise WorkerDied(_last_line(str(death))) from None
        if isinstance(outcome, str) and outcome != __version__:
            expected = f"a cluster with Lindos {__version__}"
            raise InputError("--engine", f"ray, with Lindos {outcome}", expected, "Install the same on all its nodes.")
        return outcome

    def refused(self, reason: str) -> InputError:
        """Make the error for a user whose actors do not start."""
        hint = f"Is lindos {__version__} installed on all its nodes? Ray says: {reason}"
        return InputError("--engine", self.name, "an engine whose workers start", hint)

    def stop(self, worker: Any) -> None:
        """End an actor, busy or not."""
        self._ray.kill(worker)

    def close(self) -> None:
        """Leave the cluster if this engine joined it."""
        if self._is_own:
            self._ray.shutdown()


class _Actor:
    """Answers scenarios in a process of the cluster."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def version(self) -> str:
        return __version__

    def solve(self, overrides: Mapping[str, Any]) -> Outcome:
        return self._context.solve(overrides)


def _join(ray: Any, address: str) -> None:
    """Join a cluster; without this check Ray would wait for minutes for a missing one and then end the process."""
    hint = "Start one with `ray start --head`, or give --address HOST:PORT."
    refused = InputError("--address", address, "the address of a running Ray cluster", hint)
    if ":" in address and not _listens(address):
        raise refused
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError, SystemExit):
        raise refused from None


def _listens(address: str) -> bool:
    scheme, _, place = address.rpartition("://")
    host, _, port = place.partition(":")
    try:
        with socket.create_connection((host, int(port or _PORTS.get(scheme, 6379))), _PATIENCE):
            return True
    except (OSError, ValueError, OverflowError):
        return False


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1].strip()
