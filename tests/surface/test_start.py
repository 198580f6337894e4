"""The command line starts fast: nothing heavy is imported before it is used."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = ("numpy", "pydantic", "plotly", "pyarrow", "scipy", "rich", "yaml", "jax", "pandas")
RATIO = 1.6
#: What a run of one node does not need, and does not wait for.
UNUSED = ("scipy", "pandas", "jax", "lindos.catalog.huggingface", "lindos.claims", "lindos.fleet", "lindos.roadmap")


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


def seconds(code: str, *arguments: str) -> float:
    start = time.perf_counter()
    done = run(code, *arguments)
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - start


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    done = run(f"import sys, lindos.cli; print([name for name in {HEAVY} if name in sys.modules])")
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_help_loads_nothing_heavy() -> None:
    code = f"import atexit, sys; atexit.register(lambda: print('HEAVY', [n for n in {HEAVY} if n in sys.modules]))"
    done = run(f"{code}; from lindos.cli import main; main()", "--help")
    assert done.returncode == 0, done.stderr
    assert "HEAVY []" in done.stdout


def test_a_small_run_loads_only_the_rooms_that_answer_it(tmp_path: Path) -> None:
    code = f"import atexit, sys; atexit.register(lambda: print('UNUSED', [n for n in {UNUSED} if n in sys.modules]))"
    done = run(f"{code}; from lindos.cli import main; main()", "run", "one-node", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "UNUSED []" in done.stdout


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted where Linux lists them")
def test_linear_algebra_starts_no_threads() -> None:
    code = "import atexit, os; atexit.register(lambda: print('THREADS', len(os.listdir('/proc/self/task'))))"
    done = run(f"{code}; from lindos.cli import main; main()", "step", "one-node")
    assert done.returncode == 0, done.stderr
    imported = run(f"{code}; os.environ['OPENBLAS_NUM_THREADS'] = '1'; import numpy")
    assert done.stdout.split()[-1] == imported.stdout.split()[-1]


def test_help_starts_about_as_fast_as_importing_click() -> None:
    """Runs alternate, so that a busy machine slows both alike; the best of three rounds of medians counts."""
    pytest.importorskip("click")
    ratios = []
    for _ in range(3):
        pairs = [(seconds("import click"), seconds("from lindos.cli import main; main()", "--help")) for _ in range(7)]
        ratios.append(statistics.median(ours / theirs for theirs, ours in pairs))
        if ratios[-1] <= RATIO:
            return
    pytest.fail(f"`lindos --help` takes {min(ratios):.2f} times as long as `import click`, more than {RATIO}")
