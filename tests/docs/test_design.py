"""The page on the design names every room of the house."""

from pathlib import Path

import lindos

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(lindos.__file__).parent


def test_every_room_stands_in_the_table_of_floors() -> None:
    page = (ROOT / "docs" / "explanation" / "design.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("|")]
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    named = {room for room in rooms if any(f"`{room}`" in line for line in table)}
    assert named == rooms


def test_every_floor_of_the_registry_can_be_found_by_its_name() -> None:
    from lindos.scenario.sections import SECTIONS

    for name in SECTIONS:
        assert (SOURCE / "study" / f"{name}.py").exists() or (SOURCE / "study" / name).is_dir()
