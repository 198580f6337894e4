"""Workers that die in every order: each task gets one outcome, and only one that kills three is given up."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lindos.study.sweep.crew import MAX_DEATHS, Crew, Task, WorkerDied
from lindos.study.sweep.solve import Outcome


@dataclass
class Played:
    """An engine that plays: ``deadly`` tasks kill their worker so often; ``choices`` say what is done next."""

    num_workers: int
    depth: int
    deadly: Mapping[str, int]
    choices: Iterator[int]
    asked: Counter[str] = field(default_factory=Counter)
    dead: set[int] = field(default_factory=set)
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
        if key:
            self.asked[key] += 1
        if key and self.asked[key] <= self.deadly.get(key, 0):
            self.dead.add(worker)
            return set(mine)
        return {mine[0]}

    def result(self, handle: Any) -> Any:
        if handle[0] in self.dead:
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
    depth=st.integers(1, 3),
    deadly=st.dictionaries(st.integers(0, 11).map(str), st.integers(1, 5), max_size=4),
    choices=st.lists(st.integers(0, 7), max_size=80),
)
def test_each_task_has_one_outcome(
    number: int, workers: int, depth: int, deadly: dict[str, int], choices: list[int]
) -> None:
    engine = Played(workers, depth, deadly, iter(choices))
    tasks = (Task(str(at), {"key": str(at)}) for at in range(number))
    found = [(task.key, outcome.status) for task, outcome in Crew(engine, tasks).outcomes()]
    fatal = {key for key, times in deadly.items() if times >= MAX_DEATHS}
    assert sorted(found) == sorted((str(at), "crashed" if str(at) in fatal else "ok") for at in range(number))
    # Nothing is repeated but what killed.
    for key, status in found:
        assert engine.asked[key] == (MAX_DEATHS if status == "crashed" else 1 + deadly.get(key, 0))
    assert len(engine.stopped) >= (workers if number else 0)
