"""The sentences a user reads."""

import time

from lindos.errors import (
    InconsistentError,
    InfeasibleError,
    InputError,
    InputErrors,
    LindosError,
    UnknownNameError,
    UnknownValueError,
)
from pace import stretched


def test_an_input_error_names_field_value_and_remedy() -> None:
    error = InputError("cluster.gpus", -8, "at least 1", "Write for example '8'.", line=4)
    assert str(error) == "line 4: cluster.gpus is -8, but must be at least 1. Write for example '8'."
    assert error.exit_code == 2
    assert isinstance(error, ValueError)


def test_a_missing_value_is_required() -> None:
    assert str(InputError("cluster", None, "given when there is a job")) == "cluster is required when there is a job."
    assert str(InputError("job.model", None, "given", "Add it.", 3)) == "line 3: job.model is required. Add it."
    assert str(InputError("range", "3", "given with a value")) == "range is 3, but must be given with a value."


def test_an_unknown_field_is_named_once() -> None:
    error = InputError("job.sequence_lenght", "8192", "left out: unknown field of a scenario", "Did you mean it?", 7)
    assert str(error) == "line 7: job.sequence_lenght: unknown field of a scenario. Did you mean it?"


def test_the_start_of_several_names_lists_these() -> None:
    names = ["llama-4-maverick", "llama-4-scout", "llama-3.1-8b", "qwen3-8b"]
    text = str(UnknownNameError("job.model", "Llama 4", names))
    assert text == (
        "job.model is 'Llama 4', but must be one of llama-4-maverick, llama-4-scout. "
        "Llama 4 begins each of these: write one."
    )
    text = str(UnknownNameError("job.model", "nothing", [f"model-{number}" for number in range(500)]))
    assert text == "job.model is 'nothing', but must be one of 500 names."


def test_an_unknown_name_suggests_the_nearest() -> None:
    text = str(UnknownNameError("cluster.accelerator", "h100sxm", ["b200-sxm", "h100-sxm", "h200-sxm"]))
    assert text.startswith("cluster.accelerator is 'h100sxm', but must be one of b200-sxm, h100-sxm, h200-sxm.")
    assert "Did you mean h100-sxm" in text


def test_an_unknown_value_says_so() -> None:
    text = str(UnknownValueError("accelerators.feynman.peak_fp8", "not published"))
    assert text == (
        "accelerators.feynman.peak_fp8 is unknown, but must be known to answer this (not published). "
        "Give your own value in a catalogue file (--catalog FILE)."
    )


def test_errors_are_reported_together() -> None:
    many = InputErrors([InputError("a", 1, "two"), InputError("b", 2, "three")])
    assert str(many) == "a is 1, but must be two.\nb is 2, but must be three."


def test_exit_codes() -> None:
    assert InconsistentError("a", 1, "b", 2, "divide it").exit_code == 2
    assert InfeasibleError("It does not fit", "needs 2 of 1", "Buy more").exit_code == 3
    assert LindosError.exit_code == 1


def test_a_long_value_is_cut() -> None:
    assert len(str(InputError("x", "y" * 500, "short"))) < 160


def test_mistakes_beyond_twenty_are_counted() -> None:
    errors = [UnknownNameError(f"scenario.key{index}", f"key{index}", ["key", "job"]) for index in range(95_000)]
    begin = time.process_time()
    said = str(InputErrors(errors)).splitlines()
    elapsed = time.process_time() - begin
    assert elapsed < stretched(5.0)
    assert len(said) == 21
    assert said[0].endswith("Did you mean key?")
    assert said[-1] == "94,980 more values are wrong; correct these first to see the rest."
    assert len(str(InputErrors(errors[:20])).splitlines()) == 20


def test_names_that_nobody_reads_are_not_compared() -> None:
    names = [f"group{number % 40}.parameter_{number}" for number in range(300)]
    begin = time.process_time()
    errors = [UnknownNameError("parameters", f"group3.paramter_{number}", names) for number in range(20_000)]
    said = str(InputErrors(errors)).splitlines()
    assert time.process_time() - begin < stretched(2.5)
    assert "Did you mean group" in said[0]
