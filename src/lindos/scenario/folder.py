"""Where the results of a scenario go by default."""

import hashlib
import os
import re
from pathlib import Path

from lindos.scenario.read import builtin_names

#: Folder of results by default.
_RESULTS = Path("lindos-out")
#: Largest number of characters of a folder's name.
_LONGEST_NAME = 80


def folder_for(scenario: str, prefix: str = "") -> Path:
    """Name the folder for the results of a built-in scenario or of a file; different files get different folders.

    It is one folder of letters, digits, dots and dashes below ``lindos-out``, whatever the path of the file. Only files
    of the current folder get a folder of their plain name.

    Parameters
    ----------
    scenario
        Name of a built-in scenario, or path of a file.
    prefix
        Text before the name of the folder.

    Examples
    --------
    >>> folder_for("colossus-2"), folder_for("mine.yaml", prefix="sweep-")
    (PosixPath('lindos-out/colossus-2'), PosixPath('lindos-out/sweep-mine'))
    """
    path = Path(scenario)
    if scenario in builtin_names():
        return _RESULTS / f"{prefix}{scenario}"
    name = re.sub(r"[^\w.-]+", "-", path.stem)[:_LONGEST_NAME].strip(".") or "scenario"
    if path.name != scenario or name != path.stem or path.suffix != ".yaml" or name in builtin_names():
        place = os.path.abspath(scenario)  # noqa: PTH100  # links stay, `..` does not
        name += "-" + hashlib.sha256(place.encode(errors="surrogatepass")).hexdigest()[:6]
    return _RESULTS / f"{prefix}{name}"
