"""The file of accounts: SQLite, readable by its owner only; what is deleted is overwritten."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import apsw

from ..errors import AggregatorError, UsageError
from ..names import normalize_name

FILE = "accounts.sqlite"
MAX_TRACKED = 100
PATIENCE_MS = 5000
Digest = Literal["", "week", "month"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY, login TEXT NOT NULL, stamp TEXT NOT NULL,
    digest TEXT NOT NULL DEFAULT '', email TEXT NOT NULL DEFAULT '',
    webhook TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS tracked (
    account INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    package TEXT NOT NULL, PRIMARY KEY (account, package)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS used (mark TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
"""
READ = "SELECT id, login, stamp, digest, email, webhook FROM accounts "


class AccountsUnusable(AggregatorError):
    """The file of accounts cannot be read or written."""


@dataclass(frozen=True)
class Account:
    """Somebody who signed in: GitHub's number and login, and where digests go.

    ``stamp`` stands in the cookies of the account; a new one ends all sessions. ``email`` and
    ``webhook`` are empty unless a digest is wanted there.
    """

    id: int
    login: str
    stamp: str
    digest: Digest = ""
    email: str = ""
    webhook: str = ""


class AccountStore:
    """Accounts and their lists; safe for threads and for several processes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._guard = threading.Lock()
        self._connection: apsw.Connection | None = None

    def get(self, number: int) -> Account | None:
        """The account of that number."""
        rows = self._run(READ + "WHERE id = ?", number)
        return Account(*rows[0]) if rows else None

    def sign_in(self, number: int, login: str) -> Account:
        """The account of somebody whom GitHub knows under this number, made if there is none."""
        self._run(
            "INSERT INTO accounts (id, login, stamp) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET login = excluded.login",
            number,
            login,
            secrets.token_urlsafe(12),
        )
        return Account(*self._run(READ + "WHERE id = ?", number)[0])

    def end_sessions(self, number: int) -> None:
        """Let no cookie of an account be good any longer."""
        self._run("UPDATE accounts SET stamp = ? WHERE id = ?", secrets.token_urlsafe(12), number)

    def delete(self, number: int) -> None:
        """Forget an account and its list."""
        self._run("DELETE FROM accounts WHERE id = ?", number)

    def tracked_packages(self, number: int) -> list[str]:
        """Normalized names of the packages that an account tracks, in order."""
        rows = self._run("SELECT package FROM tracked WHERE account = ? ORDER BY 1", number)
        return [name for (name,) in rows]

    def track(self, number: int, package: str) -> None:
        """Add a package to an account's list; UsageError where the list is full."""
        added = self._run(
            "INSERT OR IGNORE INTO tracked SELECT ?1, ?2 "
            "WHERE (SELECT count(*) FROM tracked WHERE account = ?1 AND package != ?2) < ?3 "
            "RETURNING package",
            number,
            normalize_name(package),
            MAX_TRACKED,
        )
        if not added and normalize_name(package) not in self.tracked_packages(number):
            raise UsageError(f"a list holds {MAX_TRACKED} packages; take one away first")

    def untrack(self, number: int, package: str) -> None:
        """Take a package from an account's list."""
        self._run(
            "DELETE FROM tracked WHERE account = ? AND package = ?", number, normalize_name(package)
        )

    def set_digest(self, number: int, digest: Digest, email: str, webhook: str) -> None:
        """Say how often and where an account gets digests; addresses go where none is wanted."""
        self._run(
            "UPDATE accounts SET digest = ?, email = ?, webhook = ? WHERE id = ?",
            *(digest, email if digest else "", webhook if digest else "", number),
        )

    def disable_mail(self, number: int) -> None:
        """Send an account no more mail; what goes to a webhook still goes there."""
        self._run(
            "UPDATE accounts SET email = '', digest = iif(webhook = '', '', digest) WHERE id = ?",
            number,
        )

    def accounts_with_digest(self, digest: Digest) -> list[int]:
        """The accounts that get this digest somewhere."""
        rows = self._run(
            "SELECT id FROM accounts WHERE digest = ? AND email || webhook != '' ORDER BY id",
            digest,
        )
        return [number for (number,) in rows]

    def use_once(self, text: str, seconds: float) -> bool:
        """Mark a text as used; False where it was used within ``seconds`` before."""
        mark, now = hashlib.sha256(text.encode()).hexdigest(), time.time()
        self._run("DELETE FROM used WHERE until < ?", now)
        added = self._run(
            "INSERT OR IGNORE INTO used VALUES (?, ?) RETURNING mark", mark, now + seconds
        )
        return bool(added)

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _run(self, sql: str, *values: Any) -> Sequence[tuple[Any, ...]]:
        with self._guard, self._translate_errors():
            if self._connection is None:
                self._connection = _open_database(self.path)
            return list(self._connection.execute(sql, values))

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (apsw.Error, OSError) as error:
            raise AccountsUnusable(f"the accounts in {self.path} cannot be used: {error}") from None


def _open_database(path: Path) -> apsw.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.fchmod(descriptor, 0o600)
    os.close(descriptor)
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(PATIENCE_MS)
    # No log beside the file keeps what was deleted, and free pages hold nothing.
    for pragma in ("journal_mode = TRUNCATE", "secure_delete = ON", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute(SCHEMA)
    return connection
