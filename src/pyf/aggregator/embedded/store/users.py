"""Who may ask: an administrator, and a reader who can change nothing."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...running_stack.secret_files import load_or_create_secret
from .errors import ServerError

ADMIN = "pyf"
READER = "pyf_reader"
ADMIN_KEY = "store.key"
READER_KEY = "store.reader.key"
"""Files in the data folder that hold the two passwords, mode 0600."""


@dataclass(frozen=True)
class StoreUser:
    """Who asks."""

    name: str
    is_reader: bool


@dataclass(frozen=True)
class StoreUsers:
    """The two users of a store by their passwords."""

    admin: str = field(repr=False)
    reader: str = field(repr=False)

    def authenticate(self, headers: Mapping[str, str], query: Mapping[str, str]) -> StoreUser:
        """The user that a request names by Basic, by ClickHouse's headers, or in its address."""
        name, password = _credentials(headers, query)
        known = {ADMIN: self.admin, READER: self.reader}
        # A password is compared in any case: time does not tell which users there are.
        is_right = hmac.compare_digest(known.get(name, self.admin).encode(), password.encode())
        if name not in known or not is_right:
            raise ServerError(
                516,
                "AUTHENTICATION_FAILED",
                f"{name}: Authentication failed: password is incorrect, "
                "or there is no user with such name.",
            )
        return StoreUser(name, name == READER)


def load_users(data_dir: Path) -> StoreUsers:
    """The users of the store in a data folder; their passwords are made at first use."""
    return StoreUsers(
        load_or_create_secret(data_dir / ADMIN_KEY), load_or_create_secret(data_dir / READER_KEY)
    )


def _credentials(headers: Mapping[str, str], query: Mapping[str, str]) -> tuple[str, str]:
    kind, _, encoded = headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise ServerError(36, "BAD_ARGUMENTS", "the Authorization header is broken") from None
        return name or "default", password
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        return headers.get("x-clickhouse-user", "default"), headers.get("x-clickhouse-key", "")
    return query.get("user", "default"), query.get("password", "")
