"""A question that takes long says what is computed, on standard error; a quick one says nothing."""

import time

import pytest

from lindos.answers import run
from lindos.cli import exit_code
from lindos.cli.patience import Patience


def test_a_long_question_says_what_is_computed(capsys: pytest.CaptureFixture[str]) -> None:
    with Patience(first=0.02) as patience:
        patience.begins("How is the job split over the devices?")
        time.sleep(0.3)
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert 2 <= len(lines) <= 6
    assert all(line.endswith("s: How is the job split over the devices?") for line in lines)


def test_each_question_is_said_before_it_is_computed() -> None:
    questions: list[str] = []
    run("one-node", sections=["cluster", "step"], begins=questions.append)
    assert questions[0] == "What is the cluster, and how fast is it at most?"
    assert "How is the job split over the devices?" in questions


def test_a_quick_question_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["site", "one-node"]) == 0
    assert "Still at work" not in capsys.readouterr().err
