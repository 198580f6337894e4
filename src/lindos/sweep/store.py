"""The journal of finished outcomes: one file, one writer, one commit per outcome, so that a crash loses none."""

import hashlib
import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from lindos.errors import InputError
from lindos.sweep.solve import STATUSES, Label, Outcome

#: Name of the journal in the folder of a sweep.
JOURNAL = "journal.sqlite"
#: Marks a file of SQLite as a journal of Lindos ("LndS"), and says which one.
_APPLICATION, _FORMAT = 0x4C6E6453, 2
_TABLES = """
CREATE TABLE IF NOT EXISTS shape (id INTEGER PRIMARY KEY, labels TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS outcome (
    key TEXT PRIMARY KEY, status TEXT NOT NULL, reason TEXT, shape INTEGER NOT NULL, numbers BLOB NOT NULL,
    checksum BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reach (sweep TEXT PRIMARY KEY, scenarios INTEGER NOT NULL) WITHOUT ROWID;
"""


class Journal:
    """Outcomes by key in ``folder/journal.sqlite``; a context manager.

    A process may be killed at any moment: each outcome is then stored in full or not at all. A power failure may lose
    the last outcomes, which are computed again, but never the file. Each outcome has a checksum: a damaged outcome
    counts as missing. While the journal is open no other process may open it.
    """

    def __init__(self, folder: Path, *, resume: bool) -> None:
        """Open the journal, or make it.

        Raises
        ------
        InputError
            If it cannot be opened, is no journal, or holds outcomes and the sweep is not to ``resume``.
        """
        self._folder = folder
        self._shapes: dict[str, int] = {}
        self._labels: dict[int, str] = {}
        self._parsed: dict[str, tuple[Label, ...]] = {}
        self._damaged: set[str] = set()
        with self._refused():
            folder.mkdir(parents=True, exist_ok=True)
            is_new = self._is_new()
            self._file = sqlite3.connect(folder / JOURNAL, timeout=1.0, isolation_level=None)
        try:
            with self._refused():
                self._open(is_new)
            if not resume and len(self):
                hint = "Go on with --resume, or give another folder with --out."
                raise InputError("--out", str(folder), "a folder without results of a sweep", hint)
        except BaseException:
            self._file.close()
            raise

    def _is_new(self) -> bool:
        """Tell whether there is no journal yet; a link is refused, since SQLite would write to its target."""
        try:
            mode = (self._folder / JOURNAL).lstat()
        except FileNotFoundError:
            return True
        if not stat.S_ISREG(mode.st_mode):
            hint = f"Its {JOURNAL} is a link, or no file."
            raise InputError("--out", str(self._folder), "a folder whose journal is a plain file", hint)
        return mode.st_size == 0

    def _open(self, is_new: bool) -> None:
        if not is_new:
            self._check_kind()
        # With one process SQLite needs no shared memory, so that the journal also works on network file systems.
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL"):
            self._file.execute(f"PRAGMA {pragma}")
        marks = f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_FORMAT};"
        self._file.executescript(f"BEGIN IMMEDIATE; {_TABLES} {marks} COMMIT;")
        for shape, labels in self._file.execute("SELECT id, labels FROM shape"):
            self._learn(int(shape), str(labels))

    def _check_kind(self) -> None:
        """Refuse another program's database, and a journal of another format, before anything is written there."""
        (application,) = self._file.execute("PRAGMA application_id").fetchone()
        (version,) = self._file.execute("PRAGMA user_version").fetchone()
        if application == 0 and version == 0:
            hint = f"Its {JOURNAL} is a database of another program."
            raise InputError("--out", str(self._folder), "a folder without such a file, or of a sweep", hint)
        if (application, version) != (_APPLICATION, _FORMAT):
            raise InputError("--out", str(self._folder), "a folder of this version of Lindos", "Give another folder.")

    def __enter__(self) -> "Journal":
        """Return the journal."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        """Number of outcomes, of this sweep or another."""
        with self._refused():
            (number,) = self._file.execute("SELECT count(*) FROM outcome").fetchone()
        return int(number)

    def __contains__(self, key: str) -> bool:
        """Tell whether an undamaged outcome has this key."""
        return self._sound(key) is not None

    @property
    def num_damaged(self) -> int:
        """Number of outcomes that were read and whose checksum is wrong."""
        return len(self._damaged)

    def add(self, key: str, outcome: Outcome) -> None:
        """Store an outcome; an outcome that is stored already stays, unless it is damaged."""
        with self._refused():
            self._file.execute("BEGIN")
            if outcome.labels not in self._shapes:
                added = self._file.execute("INSERT INTO shape (labels) VALUES (?)", (outcome.labels,))
                self._learn(int(added.lastrowid or 0), outcome.labels)
            checksum = _checksum(key, outcome)
            row = (key, outcome.status, outcome.reason, self._shapes[outcome.labels], outcome.numbers, checksum)
            verb = "REPLACE" if key in self._damaged else "IGNORE"
            self._file.execute(f"INSERT OR {verb} INTO outcome VALUES (?, ?, ?, ?, ?, ?)", row)
            self._file.execute("COMMIT")

    def get(self, key: str) -> tuple[str, str | None, tuple[Label, ...], bytes] | None:
        """Return status, reason, labels and numbers of an outcome; None if there is none, or a damaged one."""
        outcome = self._sound(key)
        if outcome is None:
            return None
        if outcome.labels not in self._parsed:
            self._parsed[outcome.labels] = tuple(Label(*label) for label in json.loads(outcome.labels))
        return outcome.status, outcome.reason, self._parsed[outcome.labels], outcome.numbers

    def reach(self, sweep: str) -> int:
        """Return the number of scenarios of a sweep, from the first, that contain all its outcomes."""
        with self._refused():
            row = self._file.execute("SELECT scenarios FROM reach WHERE sweep = ?", (sweep,)).fetchone()
        return 0 if row is None else int(row[0])

    def set_reach(self, sweep: str, scenarios: int) -> None:
        """Store the number of scenarios of a sweep, from the first, that contain all its outcomes."""
        with self._refused():
            self._file.execute("INSERT OR REPLACE INTO reach VALUES (?, ?)", (sweep, scenarios))

    def _sound(self, key: str) -> Outcome | None:
        """Return the outcome of a key; None if there is none, or if it is damaged."""
        with self._refused():
            query = "SELECT status, reason, shape, numbers, checksum FROM outcome WHERE key = ?"
            row = self._file.execute(query, (key,)).fetchone()
        if row is None:
            return None
        status, reason, shape, numbers, checksum = row
        outcome = Outcome(status, reason, self._labels.get(shape, ""), numbers)
        if not _is_typed(outcome) or checksum != _checksum(key, outcome):
            self._damaged.add(key)
            return None
        return outcome

    def _learn(self, shape: int, labels: str) -> None:
        self._shapes[labels] = shape
        self._labels[shape] = labels

    @contextmanager
    def _refused(self) -> Iterator[None]:
        """Turn errors of the file into one sentence for the user."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            hint = f"The system says: {getattr(error, 'strerror', None) or error}."
            if "locked" in str(error):
                hint = "Another sweep is writing there: wait for it, or give another folder."
            raise InputError("--out", str(self._folder), "a folder that a sweep can write to", hint) from None


def _is_typed(outcome: Outcome) -> bool:
    return (
        outcome.status in STATUSES
        and isinstance(outcome.reason, str | None)
        and outcome.labels != ""
        and isinstance(outcome.numbers, bytes)
    )


def _checksum(key: str, outcome: Outcome) -> bytes:
    parts = [key, outcome.status, outcome.reason, outcome.labels, len(outcome.numbers)]
    text = json.dumps(parts).encode()
    return hashlib.blake2b(text + outcome.numbers, digest_size=8).digest()
