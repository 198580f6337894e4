"""YAML from users: read with lines, or refused with a sentence."""

from pathlib import Path

import pytest

from lindos.catalog.yaml_file import read_yaml
from lindos.errors import InputError


def read(tmp_path: Path, text: str) -> object:
    file = tmp_path / "f.yaml"
    file.write_text(text)
    return read_yaml(file)[0]


def test_data_and_lines(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("a: 1\nb:\n  - x\n  - y: 2.5\nc: {d: 550k, e: 2025-07-22}\n")
    data, lines = read_yaml(file)
    assert data["a"] == "1"
    assert data["b"][1] == {"y": "2.5"}
    assert data["c"] == {"d": "550k", "e": "2025-07-22"}
    assert (lines["a"], lines["b.1.y"], lines["c.d"]) == (1, 4, 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x 1\nb: *x\n", "anchor"),
        ("a: !!python/name:os.system x\n", "tag"),
        ("a: 1\na: 2\n", "given once"),
        ("a: [1\n", "valid YAML"),
        ("a: 1\n---\nb: 2\n", "one YAML document"),
        ("? [1, 2]\n: x\n", "a text as key"),
        ("a: " + "[" * 100 + "]" * 100, "levels deep"),
        ("a: 'x\n", "valid YAML"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, text)


WORDS = ("0100", "07", "1:30:00", "2:1", "on", "No", "true", "1e3", "0x1f", "0b11", "1_000", ".inf", "2025-02-30", "<<")


@pytest.mark.parametrize("scalar", [*WORDS, "9" * 5000, "0x" + "f" * 5000, "1:59:59" * 500])
def test_a_scalar_is_the_text_of_the_file(tmp_path: Path, scalar: str) -> None:
    assert read(tmp_path, f"a: {scalar}\nb: [{scalar}]\n") == {"a": scalar, "b": [scalar]}


def test_null_scalars_are_none(tmp_path: Path) -> None:
    assert read(tmp_path, "a:\nb: ~\nc: null\nd: ''\ne: 'null'\n") == {
        "a": None,
        "b": None,
        "c": None,
        "d": "",
        "e": "null",
    }


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="The system says"):
        read_yaml(tmp_path / "missing.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    with pytest.raises(InputError, match="UTF-8"):
        read_yaml(tmp_path / "latin.yaml")
    (tmp_path / "big.yaml").write_bytes(b"#" * 5_000_001)
    with pytest.raises(InputError, match="at most 5 MB"):
        read_yaml(tmp_path / "big.yaml")


def test_what_never_ends_is_not_read(tmp_path: Path) -> None:
    for path in (Path("/dev/zero"), tmp_path):
        with pytest.raises(InputError, match="a file that can be read"):
            read_yaml(path)
    with pytest.raises(InputError, match="No file can have that name"):
        read_yaml(Path("a\0b"))


def test_more_values_than_anybody_writes_are_refused_soon(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at most 200,000 keys and values"):
        read(tmp_path, "a: [" + "0," * 200_001 + "0]")
