"""All settings of the project, typed, read in one place and passed down.

Nothing is read at import: ``load_settings()`` reads the environment and ``.env`` when called.
"""

from __future__ import annotations

from .kinds import Node, mask_credentials
from .load import InvalidSettingsError, Problem, child_environment, load_settings
from .model import SETTINGS, Derived, Setting, Settings

__all__ = [
    "SETTINGS",
    "Derived",
    "InvalidSettingsError",
    "Node",
    "Problem",
    "Setting",
    "Settings",
    "child_environment",
    "load_settings",
    "mask_credentials",
]
