"""Number formats: sizes worked by hand, and everything that a row names exists."""

from dataclasses import fields

import pytest

from lindos.catalog.records import Accelerator, Kernels
from lindos.errors import UnknownNameError
from lindos.formats import FORMATS, PEAKS, SERVING, TRAINING, TRAINING_WORDS, number_format
from lindos.step import Assumptions


@pytest.mark.parametrize(
    ("name", "size", "weight"),
    [
        ("bf16", 2.0, 2.0),
        ("fp8", 1.0, 2.0),
        ("mxfp8", 1 + 1 / 32, 2 * (1 + 1 / 32)),
        ("nvfp4", 0.5 + 1 / 16, 2 + 2 * (0.5 + 1 / 16)),
    ],
)
def test_bytes_of_a_number_and_of_a_trained_weight(name: str, size: float, weight: float) -> None:
    assert number_format(name).size == size
    assert number_format(name).weight_bytes == weight


def test_rows_name_fields_that_exist() -> None:
    accelerator, kernels, shares = ({f.name for f in fields(kind)} for kind in (Accelerator, Kernels, Assumptions))
    for row in FORMATS:
        assert f"peak_{row.peak}" in accelerator, row.name
        assert not (row.trains or row.serves) or row.kernels, row.name
        for key in filter(None, (row.kernels, row.substitute)):
            assert {f"{part}_{key}" for part in ("matmul", "fill_depth", "partial_wave")} <= kernels, row.name
        assert {row.bf16_share, row.rate_share} - {""} <= shares, row.name


def test_every_peak_of_an_accelerator_has_a_format() -> None:
    peaks = {f.name for f in fields(Accelerator) if f.name.startswith("peak_")}
    # Integers are counted beside the formats of 8 bits, and nothing trains or serves in them.
    assert {f"peak_{name}" for name in PEAKS} == peaks - {"peak_int8"}


def test_a_word_means_one_format() -> None:
    words = [word for row in FORMATS if row.trains for word in (row.name, *row.words)]
    assert len(words) == len(set(words))
    assert {TRAINING_WORDS[name] for name in TRAINING} == set(TRAINING)
    assert set(SERVING) >= {"bf16", "fp8"}


def test_an_unknown_format_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"precision is 'mxfp9'.*Did you mean .*mxfp8"):
        number_format("mxfp9")
