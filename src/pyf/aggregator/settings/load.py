"""Reading the settings: the environment goes before ``.env``, and that before the defaults."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dotenv.parser import parse_stream

from ..errors import SettingError
from .model import MASK, SETTINGS, Setting, Settings
from .value_types import mask_malformed

DOTENV = Path(".env")


class SettingProblem(NamedTuple):
    """A value that cannot be used; ``value`` is masked where it is secret."""

    name: str
    value: str
    allowed: str
    detail: str = ""

    def __str__(self) -> str:
        wrong = f" ({self.detail})" if self.detail else ""
        return f"{self.name}={self.value!r} cannot be used{wrong}: allowed is {self.allowed}"


class InvalidSettingsError(SettingError):
    """Settings with values that cannot be used, all of them, one line each."""

    def __init__(self, problems: tuple[SettingProblem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class RawSetting(NamedTuple):
    """A text that was set: under which name, and where."""

    name: str
    text: str
    origin: str


@dataclass
class _LoadState:
    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: dict[str, SettingProblem] = field(default_factory=dict)


def load_settings(
    environ: Mapping[str, str] | None = None, *, dotenv: Path | None = DOTENV
) -> Settings:
    """Read every setting; SettingError names all that cannot be used.

    ``environ`` is the process's own unless given; ``dotenv`` may be missing, ``None`` reads none.
    """
    environ = os.environ if environ is None else environ
    sources = {"environment": environ, ".env": _read_dotenv(dotenv)}
    reading = _LoadState()
    for setting in SETTINGS:
        _read(setting, sources, environ, reading)
    _check_time_limits(reading)
    if reading.problems:
        raise InvalidSettingsError(tuple(reading.problems.values()))
    return Settings(**reading.values, origins=reading.origins)


def child_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child process: this one's own, with settings that go before it."""
    return {**os.environ, **settings}


def _read(
    setting: Setting,
    sources: Mapping[str, Mapping[str, str]],
    environ: Mapping[str, str],
    reading: _LoadState,
) -> None:
    found = _find(setting, sources)
    if found is None:
        reading.values[setting.attribute] = setting.default_value(environ)
        return
    try:
        reading.values[setting.attribute] = setting.kind.parse(found.text)
    except ValueError as error:
        reading.problems[found.name] = _problem(setting, found, str(error))
    if found.name == setting.name:
        reading.origins[setting.name] = found.origin


def _find(setting: Setting, sources: Mapping[str, Mapping[str, str]]) -> RawSetting | None:
    for name in filter(None, (setting.name, setting.fallback)):
        for origin, source in sources.items():
            text = source.get(name)
            if text is not None and (text.strip() or setting.empty_is_value):
                return RawSetting(name, text.strip(), origin)
    return None


def _problem(setting: Setting, found: RawSetting, detail: str) -> SettingProblem:
    shown = MASK if setting.secret else mask_malformed(found.text)
    return SettingProblem(found.name, shown, setting.kind.allowed, detail)


def _check_time_limits(reading: _LoadState) -> None:
    soft = reading.values.get("celery_task_soft_time_limit")
    hard = reading.values.get("celery_task_time_limit")
    if soft is not None and hard is not None and soft >= hard:
        name = "CELERY_TASK_SOFT_TIME_LIMIT"
        allowed = f"less than CELERY_TASK_TIME_LIMIT, which is {hard:g} seconds"
        reading.problems[name] = SettingProblem(name, f"{soft:g}", allowed)


def _read_dotenv(path: Path | None) -> dict[str, str]:
    """The pairs of the file as they stand there; a line that cannot be read is refused."""
    if path is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingError(f"{path} cannot be read: {reason}") from error
    pairs: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            line = binding.original.line
            raise SettingError(f"{path}, line {line}: not of the form NAME=value")
        if binding.key is not None and binding.value is not None:
            pairs[binding.key] = binding.value
    return pairs
