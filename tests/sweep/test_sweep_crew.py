"""Workers that die in every order: each task gets one outcome, and only one that kills three is given up."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lindos.sweep.crew import MAX_DEATHS, Crew, Task, WorkerDied
from lindos.sweep.solve import Outcome


@dataclass
class Played:
    """An engine that plays: ``deadly`` tasks kill their worker so often; ``choices`` say what is done next."""

    num_workers: int
    is_exact: bool
    deadly: Mapping[str, int]
    choices: Iterator[int]
    asked: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    dead: set[int] = field(default_factory=set)
    handed: set[Any] = field(default_factory=set)
    number: int = 0
    stopped: set[int] = field(default_factory=set)
    name = "played"

    def start(self) -> tuple[int, Any]:
        self.number += 1
        return self.number, (self.number, 0, "")

    def submit(self, worker: int, overrides: Mapping[str, Any]) -> Any:
        if worker in self.dead:
            raise WorkerDied
        self.number += 1
        return worker, self.number, overrides["key"]

    def wait(self, handles: Sequence[Any], seconds: float) -> set[Any]:
        """The first handle of one worker, or all of those of one that is dead."""
        workers = list(dict.fromkeys(handle[0] for handle in handles))
        worker = workers[next(self.choices, 0) % len(workers)]
        mine = [handle for handle in handles if handle[0] == worker]
        _, _, key = mine[0]
        if worker in self.dead:
            return set(mine)
        behind = mine[1][2] if len(mine) > 1 else ""
        kills_next = key != "" and not self.kills(key) and self.kills(behind) and next(self.choices, 0) % 2
        if self.is_exact and kills_next:
            # What is found first is handed over, and the second kills before the worker is asked again.
            self.asked.update((key, behind))
            self.dead.add(worker)
            self.handed.add(mine[0])
            return {mine[0]}
        if kills_next:
            # What is found first is lost, for the second kills before it is handed over.
            self.asked[key] += 1
            self.lost[key] += 1
            key = behind
        is_dead = self.kills(key)
        if key:
            self.asked[key] += 1
        if is_dead:
            self.dead.add(worker)
            # Who asks the worker may notice before what it was at is given back.
            return set(mine) if next(self.choices, 0) % 3 else set()
        return {mine[0]}

    def kills(self, key: str) -> bool:
        return self.asked[key] < self.deadly.get(key, 0)

    def result(self, handle: Any) -> Any:
        if handle[0] in self.dead and handle not in self.handed:
            raise WorkerDied
        return Outcome("ok") if handle[2] else "started"

    def refused(self, reason: str) -> Exception:
        return AssertionError("workers start")

    def stop(self, worker: int) -> None:
        self.stopped.add(worker)

    def close(self) -> None:
        raise AssertionError("whoever made it closes it")


@given(
    number=st.integers(0, 12),
    workers=st.integers(1, 4),
    is_exact=st.booleans(),
    deadly=st.dictionaries(st.integers(0, 11).map(str), st.integers(1, 6), max_size=4),
    choices=st.lists(st.integers(0, 7), max_size=80),
)
def test_each_task_has_one_outcome(
    number: int, workers: int, is_exact: bool, deadly: dict[str, int], choices: list[int]
) -> None:
    engine = Played(workers, is_exact, deadly, iter(choices))
    tasks = (Task(str(at), {"key": str(at)}) for at in range(number))
    found = [(task.key, outcome.status) for task, outcome in Crew(engine, tasks).outcomes()]
    assert sorted(key for key, _ in found) == sorted(str(at) for at in range(number))
    for key, status in found:
        # Where an outcome may be lost, the first death in company has no name.
        unsure = 0 if is_exact else 1
        times = deadly.get(key, 0)
        assert status == "ok" or times >= MAX_DEATHS
        assert status == "crashed" or times < MAX_DEATHS + unsure
        assert engine.asked[key] <= MAX_DEATHS + 2 * unsure
        if is_exact:
            assert engine.asked[key] == (MAX_DEATHS if status == "crashed" else 1 + times)
        elif status == "ok" and not times:
            assert engine.asked[key] == 1 + engine.lost[key] <= 2
    assert len(engine.stopped) >= (workers if number else 0)
