"""All settings of the project, typed, read in one place and passed down.

Nothing is read at import: ``load_settings()`` reads the environment and ``.env`` when called.
"""

from __future__ import annotations

from .load import InvalidSettingsError, SettingProblem, child_environment, load_settings
from .model import SETTINGS, DerivedDefault, Setting, Settings
from .value_types import Node, mask_credentials

__all__ = [
    "SETTINGS",
    "DerivedDefault",
    "InvalidSettingsError",
    "Node",
    "Setting",
    "SettingProblem",
    "Settings",
    "child_environment",
    "load_settings",
    "mask_credentials",
]
