"""Every figure of the built-in scenarios, one line each; run this file to write them down after a wanted change."""

import json
from pathlib import Path

import lindos
from lindos.scenario.read import builtin_names

PINS = Path(__file__).parent / "pins.json"


def pins_of(answer: lindos.Answer) -> dict[str, list[float | None]]:
    """Value, low and high of each figure."""
    return {figure.name: [figure.value, figure.low, figure.high] for figure in answer.figures}


if __name__ == "__main__":
    lines = [
        f" {json.dumps(name)}: {{\n"
        + ",\n".join(f"  {json.dumps(key)}: {json.dumps(pin)}" for key, pin in pins_of(lindos.run(name)).items())
        + "\n }"
        for name in builtin_names()
    ]
    PINS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
