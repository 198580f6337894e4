"""Install each distribution of a folder into an empty environment, and run the command there.

``make package`` builds the wheel and the sdist first. Dependencies come from the package index, as for a user.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path


def install(distribution: Path) -> None:
    """Install one distribution into a new environment, away from the source tree, and answer a scenario."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "venv", with_pip=True)
        python = place / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        run(python, "-m", "pip", "install", "--quiet", str(distribution.resolve()), folder=place)
        for words in (
            ["--version"],
            ["run", "one-node", "--out", "out"],
            ["catalog", "show", "hgx-h100"],
            ["validate", "--help"],
        ):
            run(python, "-m", "lindos", *words, folder=place)
        report = place / "out" / "report.html"
        assert report.stat().st_size > 10_000, "the report lacks its assets"


def run(python: Path, *words: str, folder: Path) -> None:
    """Run Python with words in a folder; its output is shown if it fails."""
    done = subprocess.run([str(python), *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    files = [*Path(sys.argv[1]).glob("*.whl"), *Path(sys.argv[1]).glob("*.tar.gz")]
    if len(files) < 2:
        raise SystemExit(f"{sys.argv[1]} must have a wheel and an sdist, but has {[file.name for file in files]}.")
    for file in files:
        install(file)
        print(f"{file.name}: installs into an empty environment and runs")
