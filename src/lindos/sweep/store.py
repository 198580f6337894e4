"""Finished outcomes in a crash-safe journal: one file, one writer, one commit for each."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from lindos.errors import InputError
from lindos.sweep.solve import Label, Outcome

#: Name of the journal in the folder of a sweep.
JOURNAL = "journal.sqlite"
_FORMAT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS shape (id INTEGER PRIMARY KEY, labels TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS outcome (
    key TEXT PRIMARY KEY, status TEXT NOT NULL, reason TEXT, shape INTEGER NOT NULL, numbers BLOB NOT NULL
) WITHOUT ROWID;
"""


class Journal:
    """Outcomes by key in ``folder/journal.sqlite``; a context manager.

    A process may be killed at any moment: what was added is there, and nothing by half. Power that fails may cost the
    last outcomes, never the file; they are computed again. While it is open no other process may open it.
    """

    def __init__(self, folder: Path, *, resume: bool) -> None:
        """Open the journal, or make it.

        Raises
        ------
        InputError
            If it cannot be opened, or holds outcomes and the sweep is not to ``resume``.
        """
        self._folder = folder
        self._shapes: dict[str, int] = {}
        self._labels: dict[int, tuple[Label, ...]] = {}
        with self._said():
            folder.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(folder / JOURNAL, timeout=1.0, isolation_level=None)
        try:
            with self._said():
                self._open()
            if not resume and len(self):
                hint = "Go on with --resume, or give another folder with --out."
                raise InputError("--out", str(folder), "a folder without results of a sweep", hint)
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> None:
        # One process alone needs no shared memory: the journal then works on network file systems, too.
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL"):
            self._file.execute(f"PRAGMA {pragma}")
        (found,) = self._file.execute("PRAGMA user_version").fetchone()
        if found not in (0, _FORMAT):
            raise InputError("--out", str(self._folder), "a folder of this version of Lindos", "Give another folder.")
        self._file.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_FORMAT}; COMMIT;")
        for shape, labels in self._file.execute("SELECT id, labels FROM shape"):
            self._learn(shape, labels)

    def __enter__(self) -> "Journal":
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        """Number of outcomes, of this sweep or another."""
        (number,) = self._file.execute("SELECT count(*) FROM outcome").fetchone()
        return int(number)

    def __contains__(self, key: str) -> bool:
        """Whether there is an outcome of that key."""
        with self._said():
            return self._file.execute("SELECT 1 FROM outcome WHERE key = ?", (key,)).fetchone() is not None

    def add(self, key: str, outcome: Outcome) -> None:
        """Keep an outcome for good; one that is there already stays."""
        with self._said():
            self._file.execute("BEGIN")
            if outcome.labels not in self._shapes:
                added = self._file.execute("INSERT INTO shape (labels) VALUES (?)", (outcome.labels,))
                self._learn(int(added.lastrowid or 0), outcome.labels)
            row = (key, outcome.status, outcome.reason, self._shapes[outcome.labels], outcome.numbers)
            self._file.execute("INSERT OR IGNORE INTO outcome VALUES (?, ?, ?, ?, ?)", row)
            self._file.execute("COMMIT")

    def get(self, key: str) -> tuple[str, str | None, tuple[Label, ...], bytes] | None:
        """Status, reason, labels and numbers of an outcome; None where there is none yet."""
        with self._said():
            query = "SELECT status, reason, shape, numbers FROM outcome WHERE key = ?"
            row = self._file.execute(query, (key,)).fetchone()
        return None if row is None else (row[0], row[1], self._labels[row[2]], row[3])

    def _learn(self, shape: int, labels: str) -> None:
        self._shapes[labels] = shape
        self._labels[shape] = tuple(Label(*label) for label in json.loads(labels))

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Say in a sentence why the file cannot be used."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            hint = f"The system says: {getattr(error, 'strerror', None) or error}."
            if "locked" in str(error):
                hint = "Another sweep is writing there: wait for it, or give another folder."
            raise InputError("--out", str(self._folder), "a folder that a sweep can write to", hint) from None
