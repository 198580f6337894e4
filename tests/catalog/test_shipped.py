"""Shipped records are read one by one, and are then those of the whole file read at once."""

import pytest

from lindos.catalog.store import KINDS, Records


@pytest.mark.parametrize("kind", KINDS)
def test_records_read_one_by_one_are_those_of_the_file_read_as_a_whole(kind: str) -> None:
    alone, whole = Records(), Records([({kind: {}}, {}, "empty.yaml")])
    assert list(alone.records(kind)) == list(whole.records(kind))
    for name in reversed(list(whole.records(kind))):
        assert alone.records(kind)[name] == whole.records(kind)[name]
        assert alone.record_id(kind, name.upper()) == name
    assert alone.spoken_as(kind) == whole.spoken_as(kind)


def test_one_record_is_read_without_the_others() -> None:
    records = Records().records("systems")
    assert records["hgx-h100"].num_devices.value == 8
    assert len(records._stated) == 1  # type: ignore[attr-defined]
