"""Runs fuzz cases through the command line in process, under limits of time and memory, and judges what came out.

``make fuzz`` runs 10,000 of them; ``python tests/helpers/fuzz_run.py --seed 7 --case 123`` shows one.
"""

import argparse
import contextlib
import csv
import io
import json
import math
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fuzz_cases import Case, case

SECONDS, BYTES = 40, 2 * 2**30
#: A sentence for a person is not longer; the report of a file names twenty mistakes.
_LONGEST = 20_000
_SHARES = ("mfu", "hfu", "goodput", "utilisation")


class Finding(NamedTuple):
    """What is wrong with the end of a case."""

    name: str
    kind: str
    fault: str
    detail: str


class Ended(NamedTuple):
    """The end of a case: exit code, both streams, processor seconds, and a traceback where there is one."""

    code: int | None
    out: str
    error: str
    seconds: float
    trace: str


class _TooLong(BaseException):
    pass


@contextlib.contextmanager
def _limits() -> Iterator[None]:
    """Seconds of the processor and bytes beyond those in use; on a busy machine the clock on the wall says little."""

    def stop(number: int, frame: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + BYTES, hard))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def run(one: Case, folder: Path) -> Ended:
    """Run a case in an empty folder."""
    for name, content in one.contents.items():
        (folder / name).write_bytes(content)
    out, error, trace, code = io.StringIO(), io.StringIO(), "", None
    begin, before = time.process_time(), Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error), _limits(), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            code = _sweep(one, error) if one.arguments[:1] == ["sweep"] else _command(one.arguments)
    except _TooLong:
        trace = f"more than {SECONDS} s"
    except BaseException:
        trace = traceback.format_exc()
    finally:
        os.chdir(before)
    return Ended(code, out.getvalue(), error.getvalue(), time.process_time() - begin, trace)


def _command(arguments: list[str]) -> int:
    from lindos.cli import exit_code

    return exit_code(arguments)


def _sweep(one: Case, error: io.StringIO) -> int:
    """A sweep without its processes: read, then the first and the last scenario answered."""
    from lindos.errors import LindosError
    from lindos.sweep import context_of, read_sweep
    from lindos.terminal import printable

    try:
        sweep = read_sweep(Path(one.arguments[1]))
    except LindosError as refused:
        error.write(f"lindos: {printable(str(refused))}")
        return refused.exit_code
    for index in {0, len(sweep) - 1}:
        outcome = context_of(sweep).solve(sweep.overrides(index))
        if outcome.status == "crashed":
            raise AssertionError(f"{outcome.reason}")
    return 0


def judged(one: Case, ended: Ended, folder: Path) -> Iterator[Finding]:
    """What is wrong with how a case ended."""

    def finding(fault: str, detail: str) -> Finding:
        return Finding(one.name, one.kind, fault, detail)

    if ended.trace:
        yield finding("too long" if ended.trace.startswith("more") else "traceback", ended.trace[-1500:])
        return
    if "more memory than there is" in ended.error:
        yield finding("memory", ended.error[:300])
    if ended.code == 0:
        yield from (finding("number", detail) for detail in _numbers(one, ended, folder))
    elif ended.code in (2, 3):
        if not ended.error.strip():
            yield finding("no sentence", "")
        if len(ended.error) > _LONGEST:
            yield finding("long sentence", ended.error[:300])
        if any(character in ended.error for character in "\x1b\x07\x9b\u202e"):
            yield finding("control characters", repr(ended.error[:300]))
        if (folder / "out").exists() and list((folder / "out").rglob("*")):
            yield finding("written in spite of an error", str(list((folder / "out").rglob("*"))))
        if "{" in ended.out and ended.code == 3 and "--json" in one.arguments:
            yield finding("a document in spite of an error", ended.out[:200])
    else:
        yield finding(f"exit {ended.code}", ended.error[-500:])


def _numbers(one: Case, ended: Ended, folder: Path) -> Iterator[str]:
    """Numbers of a document or a table that cannot be."""
    if "--json" in one.arguments and ended.out.strip():
        document = json.loads(ended.out, parse_constant=lambda name: math.nan)
        for name, result in (document.get("results") or {}).items() if isinstance(document, dict) else ():
            yield from _result(name, result)
        if any(isinstance(number, float) and not math.isfinite(number) for number in _all(document)):
            yield "a number that is not finite"
    predicted = folder / "out" / "predicted.csv"
    if predicted.exists():
        with predicted.open(newline="") as file:
            for row in csv.DictReader(file):
                if row["predicted_step_s"] and not 0 < float(row["low_s"]) <= float(row["high_s"]) < 1e20:
                    yield f"interval of {row}"


def _result(name: str, result: Any) -> Iterator[str]:
    for place in ("value", "low", "high"):
        number = result.get(place)
        if number is None:
            continue
        if not abs(number) <= 1e45:
            yield f"{name}.{place} is {number}"
        if number < 0 and not name.startswith("claims."):
            yield f"{name}.{place} is {number}, below zero"
        if name.rpartition(".")[2] in _SHARES and number > 1 + 1e-9:
            yield f"{name}.{place} is {number}, beyond a whole"
    low, high = result.get("low"), result.get("high")
    if low is not None and high is not None and low > high:
        yield f"{name}: low {low} is above high {high}"


def _all(data: Any) -> Iterator[Any]:
    if isinstance(data, dict):
        for part in data.values():
            yield from _all(part)
    elif isinstance(data, list):
        for part in data:
            yield from _all(part)
    else:
        yield data


def findings(seed: int, indexes: "range") -> Iterator[tuple[Ended, list[Finding]]]:
    """Run cases and judge them, one after the other."""
    for index in indexes:
        one = case(seed, index)
        with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
            ended = run(one, Path(place))
            yield ended, list(judged(one, ended, Path(place)))


def _chunk(job: tuple[int, range]) -> tuple[Counter[str], list[Finding], float]:
    counts: Counter[str] = Counter()
    found: list[Finding] = []
    slowest = 0.0
    for ended, faults in findings(*job):
        counts[f"exit {ended.code}"] += 1
        slowest = max(slowest, ended.seconds)
        found += faults
    return counts, found, slowest


def main() -> int:
    """Run many cases in processes and print what is wrong, worst kinds first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--case", type=int, help="show this one alone")
    options = parser.parse_args()
    if options.case is not None:
        return _show(options.seed, options.case)
    last = options.first + options.cases
    jobs = [(options.seed, range(at, min(at + 20, last))) for at in range(options.first, last, 20)]
    counts: Counter[str] = Counter()
    total, slowest, begin = 0, 0.0, time.monotonic()
    with multiprocessing.get_context("spawn").Pool(options.workers, maxtasksperchild=25) as pool:
        for number, (ends, found, seconds) in enumerate(pool.imap_unordered(_chunk, jobs), start=1):
            counts += ends
            slowest = max(slowest, seconds)
            total += len(found)
            for one in found:
                sys.stdout.write(f"{one.name} {one.kind}: {one.fault}: {one.detail}\n")
            if number % 25 == 0:
                sys.stderr.write(
                    f"{sum(counts.values()):,} cases, {total} findings, {time.monotonic() - begin:.0f} s\n"
                )
            sys.stdout.flush()
    ends_shown = ", ".join(f"{end}: {count:,}" for end, count in sorted(counts.items()))
    sys.stdout.write(f"{sum(counts.values()):,} cases ({ends_shown}), {total} findings, slowest {slowest:.1f} s\n")
    return 1 if total else 0


def _show(seed: int, index: int) -> int:
    one = case(seed, index)
    sys.stdout.write(f"{one.kind}: lindos {' '.join(one.arguments)}\n")
    for name, content in one.contents.items():
        if name != "base.yaml" or len(one.contents) == 1:
            sys.stdout.write(f"--- {name}\n{content.decode(errors='replace')[:4000]}\n")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        ended = run(one, Path(place))
        faults = list(judged(one, ended, Path(place)))
    sys.stdout.write(f"--- exit {ended.code}, {ended.seconds:.1f} s\n{ended.error[:3000]}\n{ended.trace}\n{faults}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
