"""Files of runs: what is read, and one sentence with its line for everything that is wrong."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lindos.errors import InputError
from lindos.validation import parse_runs, read_runs
from lindos.validation.read import MAX_BYTES
from validation_rows import COLUMNS, row, rows, table


def test_the_shipped_runs_are_read() -> None:
    found = read_runs()
    assert len(found) == 903
    assert len({one.run.id for one in found}) == 903


def test_a_row_becomes_typed_fields_and_si_units() -> None:
    one = row(internode_gbps_per_gpu="400.0", ffn_gated="1", sequence_parallel="0", vpp="", n_experts="")
    assert one.run.nic_bandwidth == 50e9
    assert one.run.gated is True
    assert one.run.sequence_parallel is False
    assert one.run.virtual_stages is None
    assert one.measurement.value == 12.5


def test_columns_that_say_how_a_run_was_made_are_read() -> None:
    one = row(
        software="torchtitan", software_year="2024", attention_kernel="Flash-2", power_limit_w="500", memory_gb="96"
    )
    assert (one.run.software, one.run.software_year, one.run.attention_kernel) == ("torchtitan", 2024, "flash-2")
    assert one.run.power_limit == 500
    assert one.run.device_memory == 96e9


def test_a_peak_is_read_for_scores_alone() -> None:
    one = row(second_metric="peak_alloc_GiB", second_value="2")
    assert one.measurement.peak_memory == 2 * 2**30
    assert row(second_metric="tflops_per_gpu", second_value="2").measurement.peak_memory is None


def test_a_degree_of_zero_means_without() -> None:
    assert row(ep="0", vpp="0").run.expert_parallel == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layers": "-3"}, "layers is -3, but must be a whole number of at least 1, or empty"),
        ({"gpus": "NaN"}, "gpus is 'NaN'"),
        ({"gpus": "inf"}, "gpus is 'inf'"),
        ({"tp": "2.5"}, "tp is 2.5"),
        ({"measured_value": "fast"}, "measured_value is 'fast', but must be a number above 0"),
        ({"measured_value": "-1"}, "measured_value is -1"),
        ({"measured_metric": "mph"}, "measured_metric is 'mph'"),
        ({"recompute": "maybe"}, "recompute is 'maybe'"),
        ({"ffn_gated": "perhaps"}, "ffn_gated is 'perhaps', but must be 1, 0 or empty"),
        ({"attention_kernel": "flash-9"}, "attention_kernel is 'flash-9', but must be flash-1, flash-2"),
        ({"router": "fair"}, "router is 'fair', but must be balanced, real, dropped or empty"),
        ({"power_limit_w": "-5"}, "power_limit_w is -5"),
        ({"id": ""}, "id is required"),
        ({"global_batch": "1e30"}, "global_batch is '1e30'"),
    ],
)
def test_a_wrong_value_gets_a_sentence_with_its_line(change: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as wrong:
        parse_runs(table({}, change), "mine.csv")
    assert f"mine.csv line 3: {said}" in str(wrong.value)


def test_all_mistakes_are_told_together() -> None:
    with pytest.raises(InputError) as wrong:
        rows({"layers": "x"}, {"gpus": "y"})
    assert len(str(wrong.value).splitlines()) == 2


def test_mistakes_beyond_twenty_are_counted() -> None:
    with pytest.raises(InputError) as wrong:
        rows(*({"layers": "x"} for _ in range(100)))
    assert "80 more values are wrong" in str(wrong.value)


def test_ids_are_unique() -> None:
    with pytest.raises(InputError, match="line 2 has it"):
        rows({"id": "a"}, {"id": "a"})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "file is empty"),
        (b"\n\n", "file is empty"),
        (b"id,source\n1,2\n", "header is 'without"),
        (table(), "without rows"),
        (table({}, columns=[*COLUMNS, "id"]), "a column that stands there once"),
        (table({}) + b"one,two\n", "2 values"),
        (table({}) + bytes([0xFF, 0xFE]), "text in UTF-8"),
        (table({}) + b'"open', "CSV"),
    ],
)
def test_a_broken_file_gets_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(InputError) as wrong:
        parse_runs(data)
    assert said in str(wrong.value)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(InputError, match="20 MB"):
        read_runs(path)


def test_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.csv"):
        with pytest.raises(InputError):
            read_runs(path)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(COLUMNS), st.text(max_size=20))
def test_any_text_in_any_cell_is_read_or_refused_with_a_sentence(column: str, text: str) -> None:
    try:
        rows({column: text})
    except InputError as wrong:
        assert re.search("must be|is required", str(wrong))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_sentence(data: bytes) -> None:
    for content in (data, table({}) + data):
        try:
            parse_runs(content)
        except InputError as wrong:
            assert re.search("must be|is required", str(wrong))
