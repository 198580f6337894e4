"""What a package of Lindos carries: licence, citation, image, completion; ``make package`` installs it for real."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import lindos
from lindos.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]


def project() -> dict[str, object]:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert isinstance(content, dict)
    return content


def test_the_licence_is_in_the_package() -> None:
    assert project()["license"] == "Apache-2.0"
    assert project()["license-files"] == ["LICENSE"]
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8").split("\n", 2)[1]


def test_the_citation_is_that_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == lindos.__version__ == project()["version"]
    assert citation["license"] == project()["license"]
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()


def test_the_image_installs_the_locked_dependencies_and_what_it_copies_is_sent() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements.lock" in text
    assert "USER lindos" in text
    copied = {word for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for word in line.split()[:-1]}
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if line.startswith("!")}
    assert copied == sent
    assert all((ROOT / name).exists() for name in copied)


def completed(shell: str, words: str, count: int) -> str:
    variables = {"COMP_WORDS": words, "COMP_CWORD": str(count), "_LINDOS_COMPLETE": f"{shell}_complete"}
    done = subprocess.run(
        [sys.executable, "-m", "lindos"], env=os.environ | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_shell_completes_commands_scenarios_and_files() -> None:
    assert set(re.findall(r"plain,(\S+)", completed("bash", "lindos ", 1))) == set(COMMANDS)
    assert re.findall(r"plain,(\S+)", completed("bash", "lindos run colossus", 2)) == ["colossus-1", "colossus-2"]
    assert "file," in completed("bash", "lindos run my-fi", 2)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str) -> None:
    variables = os.environ | {"_LINDOS_COMPLETE": f"{shell}_source"}
    done = subprocess.run([sys.executable, "-m", "lindos"], env=variables, capture_output=True, text=True, check=False)
    # Bash's script needs bash 4.4 or newer, and says so elsewhere.
    assert "_LINDOS_COMPLETE" in done.stdout or "Bash" in done.stderr
