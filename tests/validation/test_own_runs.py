"""A user's own runs as a catalogue file: what they move, by how much, and whether its intervals hold."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from lindos.catalog import load_catalog
from lindos.errors import InputError
from lindos.validation import calibrate, catalogue_file, template, validate
from lindos.validation.own_runs import Calibration, parse_own_runs, predictive

CATALOG = load_catalog()
LEFT_OUT = Path(__file__).parents[2] / "docs" / "left-out-runs.csv"
HEADER = "model_name,accelerator,gpus,seq_len,precision,tp,pp,dp,micro_batch,global_batch,recompute,software,"
HEADER += "measured_metric,measured_value\n"


def own(*rates: float, model: str = "Llama-3.1-8B", software: str = "megatron-core") -> bytes:
    lines = []
    for index, rate in enumerate(rates):
        gpus = 8 * 2**index
        plan = f"H100,{gpus},8192,bf16,1,1,{gpus},1,{8 * gpus},none"
        lines.append(f"{model},{plan},{software},tokens_per_s,{rate * gpus}\n")
    return (HEADER + "".join(lines)).encode()


def fitted(*rates: float) -> Calibration:
    return calibrate(parse_own_runs(own(*rates)), CATALOG)


@pytest.fixture(scope="module")
def usual() -> float:
    """Tokens per second and GPU that the profile predicts for the first run."""
    result = validate(parse_own_runs(own(1000.0))).results[0]
    return 1000.0 * (1 + (result.error or 0.0)) ** -1


def test_runs_as_predicted_move_nothing_and_narrow_the_interval(usual: float) -> None:
    before = fitted(usual)
    after = fitted(*[usual] * 5)
    assert before.factor == pytest.approx(1.0, abs=0.03)
    assert after.high / after.low < before.high / before.low


def test_slow_runs_slow_the_rates_and_are_predicted_better(usual: float) -> None:
    slow = fitted(*[usual * 0.8] * 5)
    assert slow.factor < 0.95
    assert slow.error_after < slow.error_before / 2
    one = fitted(usual * 0.8)
    assert slow.factor < one.factor < 1.0  # one run counts for less


def test_runs_that_disagree_widen_the_interval(usual: float) -> None:
    apart = fitted(usual * 0.6, usual * 1.1, usual * 0.7, usual * 1.2, usual)
    assert apart.high / apart.low > fitted(usual).high / fitted(usual).low


def test_the_catalogue_file_is_read_and_predicts_the_runs(usual: float, tmp_path: Path) -> None:
    calibration = fitted(*[usual * 0.8] * 5)
    path = tmp_path / "own.yaml"
    path.write_text(catalogue_file(calibration), encoding="utf-8")
    catalog = load_catalog([path])
    stack = catalog.stack("own-megatron-core")
    assert stack.kernel_share.value == pytest.approx(
        CATALOG.stack("megatron-core").kernel_share.value * calibration.factor, rel=1e-3
    )
    rows = parse_own_runs(own(*[usual * 0.8] * 5))
    scored = validate(rows, catalog, stack="own-megatron-core")
    assert scored.overall is not None
    assert scored.overall.median_abs_error == pytest.approx(calibration.error_after, abs=0.02)
    assert all(result.covered for result in scored.results)


def test_the_template_is_a_file_of_own_runs() -> None:
    assert calibrate(parse_own_runs(template().encode()), CATALOG).runs == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"model_name,gpus\nx,8\n", "without accelerator, measured_metric, measured_value"),
        (HEADER.replace("gpus", "gpu").encode(), "header is 'gpu'"),
        (own(1.0, model="Nobody-1B"), "without a prediction and a measured time"),
        (own(1.0).replace(b"8192", b"long"), "seq_len is 'long'"),
        (own(1.0) + b"one cell\n", "as the header"),
        ("Modell,Größe".encode("latin-1"), "text in UTF-8"),
    ],
)
def test_a_wrong_file_gets_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        calibrate(parse_own_runs(data), CATALOG)


def test_runs_of_two_profiles_are_not_mixed() -> None:
    data = own(9000.0) + own(9000.0, software="torchtitan").split(b"\n", 1)[1]
    with pytest.raises(InputError, match="of one software profile"):
        calibrate(parse_own_runs(data), CATALOG)
    assert calibrate(parse_own_runs(data), CATALOG, "megatron-core").runs == 2


def errors_by_source() -> dict[str, np.ndarray]:
    """Logarithms of measured over predicted time of every source, by a fit that left it out."""
    found: dict[str, list[float]] = {}
    with LEFT_OUT.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row.get("left_out", "source") == "source":
                error = math.log(float(row["measured_step_s"]) / float(row["predicted_step_s"]))
                found.setdefault(row["id"].rsplit("-", 1)[0], []).append(error)
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize("number", [3, 5, 10])
def test_sources_played_as_users_are_covered(number: int) -> None:
    """Some runs of a source are its own, the others are predicted: 80 % intervals hold 75 to 85 % of them."""
    random, held, counts = np.random.default_rng(7), [], []
    for errors in errors_by_source().values():
        if len(errors) < number + 3:
            continue
        inside = []
        for _ in range(40):
            order = random.permutation(len(errors))
            mean, half = predictive(errors[order[:number]], CATALOG)
            inside.append(np.mean(np.abs(errors[order[number:]] - mean) <= half))
        held.append(np.mean(inside))
        counts.append(len(errors))
    assert 0.75 <= np.average(held, weights=counts) <= 0.85
    assert 0.75 <= np.mean(held) <= 0.85
