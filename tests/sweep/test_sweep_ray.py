"""A sweep on a real Ray of this machine: the same table as without it, and a killed actor costs nothing."""

import os
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
import ray

import sweep_helpers
from lindos.cli import exit_code
from lindos.errors import InputError
from lindos.sweep import Context, LocalEngine, Progress, RayEngine, context_of
from sweep_helpers import answered, attempts, many, noted, sweep_of


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Ray with two cores, whose processes know the helpers of these tests."""
    with warnings.catch_warnings():
        # Ray starts its processes by a fork; JAX, where a test before has loaded it, warns of any.
        warnings.filterwarnings("ignore", message=r"os\.fork\(\) was called", category=RuntimeWarning)
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.cloudpickle.register_pickle_by_value(sweep_helpers)
    yield
    ray.cloudpickle.unregister_pickle_by_value(sweep_helpers)
    ray.shutdown()


def test_the_table_is_that_of_this_machine(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sweep = sweep_of(tmp_path)
    # More workers than cores: those that never start are not waited for.
    options = ["--engine", "ray", "--workers", "4", "--out", str(tmp_path / "ray")]
    assert exit_code(["sweep", str(tmp_path / "small.yaml"), *options]) == 0
    assert "6 answered in" in capfd.readouterr().out
    answered(sweep, LocalEngine(context_of(sweep), 1), tmp_path / "local")
    assert (tmp_path / "ray/results.parquet").read_bytes() == (tmp_path / "local/results.parquet").read_bytes()


def test_a_killed_actor_costs_nothing(tmp_path: Path) -> None:
    sweep, log = many(tmp_path, 20), tmp_path / "log"

    def kill_once(progress: Progress) -> None:
        if progress.answered == 5:
            os.kill(int(log.read_text().splitlines()[-1].split()[0]), signal.SIGKILL)

    finished = answered(sweep, RayEngine(noted(sweep, log), 2), tmp_path / "out", report=kill_once)
    assert finished.progress.answered == 20
    rows = parquet.read_table(tmp_path / "out" / "results.parquet").to_pylist()
    assert [row["reason"] for row in rows] == ["noted"] * 20
    assert sorted(set(attempts(log))) == list(range(1, 21))
    assert len(attempts(log)) <= 22, "more was repeated than the actor had in hand"


def test_a_scenario_that_kills_three_actors_is_a_row(tmp_path: Path) -> None:
    sweep, log = many(tmp_path, 4), tmp_path / "log"
    answered(sweep, RayEngine(noted(sweep, log, deadly=2, times=9), 2), tmp_path / "out")
    rows = parquet.read_table(tmp_path / "out" / "results.parquet").to_pylist()
    assert [row["status"] for row in rows] == ["ok", "crashed", "ok", "ok"]
    # Once more where another was in hand, and it was not sure which one killed.
    assert attempts(log).count(2) in (3, 4)
    assert all(attempts(log).count(other) <= 2 for other in (1, 3, 4))


class Unable(Context):
    """A context that no actor can take, as where Lindos is not installed."""

    def __reduce__(self) -> tuple[object, ...]:
        """A name that leads nowhere."""
        return __import__, ("lindos_of_another_world",)


def test_actors_that_never_start_are_a_sentence(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path)
    engine = RayEngine(Unable(**vars(context_of(sweep))), 1)
    with pytest.raises(InputError, match=r"--engine is 'ray', .*Is lindos .* installed on all its nodes\?"):
        answered(sweep, engine, tmp_path / "out")


def test_another_version_on_the_cluster_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lindos.sweep.on_ray.__version__", "9.9")
    sweep = sweep_of(tmp_path)
    with pytest.raises(InputError, match=r"'ray, with Lindos .*', but must be a cluster with Lindos 9\.9"):
        answered(sweep, RayEngine(context_of(sweep), 1), tmp_path / "out")


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize("place", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "127.0.0.1:x", "127.0.0.1:{}00000"])
def test_no_cluster_at_an_address_is_a_sentence(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    sweep_of(tmp_path)
    address = place.format(closed_port())
    options = ["--engine", "ray", "--address", address, "--out", str(tmp_path / "out")]
    assert exit_code(["sweep", str(tmp_path / "small.yaml"), *options]) == 2
    assert f"--address is '{address}', but must be the address of a running Ray cluster" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_ray_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    sweep_of(tmp_path)
    assert exit_code(["sweep", str(tmp_path / "small.yaml"), "--engine", "ray", "--out", str(tmp_path / "out")]) == 2
    assert "Run `pip install lindos[ray]`." in capsys.readouterr().err
