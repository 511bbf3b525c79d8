"""Secrets of the stack, made at first use and kept in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ..settings import Settings
from .stack_state import StackFolderUnusable

SITE_FILE = "web.secret"


def site_secret(settings: Settings) -> str:
    """What the site signs with: WEB_SECRET, else the one in PYF_DATA_DIR, made if there is none."""
    return settings.web_secret or load_or_create_secret(settings.pyf_data_dir / SITE_FILE)


def load_or_create_secret(path: Path) -> str:
    """The secret in a file, made if there is none; only the file's owner can read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        secret = secrets.token_urlsafe(24)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret + "\n")
    except OSError as error:
        raise StackFolderUnusable(path.parent, error) from None
    return secret
