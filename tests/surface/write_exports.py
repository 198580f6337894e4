"""Public names of every package, one a line; run this file to write them down after a wanted change."""

import importlib
import pkgutil
from pathlib import Path

import lindos

SNAPSHOT = Path(__file__).parent / "exports.txt"


def exports() -> list[str]:
    """``package.name`` of everything in an ``__all__`` of a package, sorted."""
    packages = ["lindos", *(m.name for m in pkgutil.walk_packages(lindos.__path__, "lindos.") if m.ispkg)]
    names = ((package, getattr(importlib.import_module(package), "__all__", ())) for package in packages)
    return sorted(f"{package}.{name}" for package, public in names for name in public)


if __name__ == "__main__":
    SNAPSHOT.write_text("\n".join(exports()) + "\n", encoding="utf-8")
