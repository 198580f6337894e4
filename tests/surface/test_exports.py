"""The public names are frozen: a change of the surface shows in a diff of exports.txt."""

import importlib

from write_exports import SNAPSHOT, exports

REMEDY = "run `python tests/surface/write_exports.py` if the change is wanted"


def test_public_names_are_as_written_down() -> None:
    written = set(SNAPSHOT.read_text(encoding="utf-8").split())
    now = set(exports())
    assert not now - written, f"new public names {sorted(now - written)}: {REMEDY}"
    assert not written - now, f"public names that are gone {sorted(written - now)}: {REMEDY}"


def test_every_public_name_exists_and_is_documented() -> None:
    for dotted in exports():
        package, _, name = dotted.rpartition(".")
        thing = getattr(importlib.import_module(package), name)
        assert getattr(thing, "__doc__", None), f"{dotted} has no docstring"
