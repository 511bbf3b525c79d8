"""Which package registries this machine uses: read from the configuration of pip, uv and npm.

No address of a registry is written down here. Where nothing is configured, the public ones come
from the libraries that know them (``pypi_simple``, ``packageurl``). A configured index that is no
http(s) address (a folder of wheels) is passed over: it serves no metadata.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from packageurl.contrib import purl2url

from .value_types import parse_base_url, parse_index_root

Environ = Mapping[str, str]

_download_url: Callable[[str], object] = purl2url.get_download_url


def pypi_root(environ: Environ) -> str:
    """The root of the index that pip or uv is configured with, else of the public one."""
    for url in _configured_indexes(environ):
        try:
            return parse_index_root(url)
        except ValueError:
            continue
    # Late, since it is slow to import and mostly not needed where an index is configured.
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return parse_index_root(PYPI_SIMPLE_ENDPOINT)


def npm_root(environ: Environ) -> str:
    """The root of the registry that npm is configured with, else of the public one."""
    for url in _configured_npm_registries(environ):
        try:
            return parse_base_url(url)
        except ValueError:
            continue
    return _public_npm_root()


def npm_downloads_root(environ: Environ) -> str:
    """The root of npm's public download counts, which no mirror carries."""
    del environ
    parts = urlsplit(_public_npm_root())
    labels = ["api" if label == "registry" else label for label in parts.netloc.split(".")]
    return parts._replace(netloc=".".join(labels)).geturl()


def _public_npm_root() -> str:
    parts = urlsplit(str(_download_url("pkg:npm/name@1.0.0")))
    return f"{parts.scheme}://{parts.netloc}"


def _configured_indexes(environ: Environ) -> Iterator[str]:
    yield environ.get("PIP_INDEX_URL", "").strip()
    # uv lets a name stand before the address: name=https://...
    yield re.sub(r"^[\w.-]+=", "", environ.get("UV_DEFAULT_INDEX", "").strip())
    yield environ.get("UV_INDEX_URL", "").strip()
    yield from _pip_file_index(environ)
    yield from _uv_file_indexes(environ)


def _pip_file_index(environ: Environ) -> Iterator[str]:
    """The index of pip's files: later files win, ``[install]`` wins over ``[global]``."""
    found: dict[str, str] = {}
    for path in _pip_files(environ):
        for section, name, value in _ini_items(path):
            if name.lower().replace("_", "-") == "index-url":
                found[section] = value.strip()
    yield from (found[section] for section in ("install", "global") if section in found)


def _pip_files(environ: Environ) -> list[Path]:
    """pip's configuration files, those that win last (as ``pip config debug`` lists them)."""
    own = environ.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return []
    home = _home(environ)
    shared = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    files = [Path(folder, "pip", "pip.conf") for folder in shared.split(os.pathsep) if folder]
    files.append(Path("/etc/pip.conf"))
    if not (own and Path(own).exists()):
        files += [home / ".pip/pip.conf", _config_home(environ) / "pip/pip.conf"]
        if sys.platform == "darwin":
            files.append(home / "Library/Application Support/pip/pip.conf")
    files.append(Path(sys.prefix, "pip.conf"))
    return [*files, Path(own)] if own else files


def _ini_items(path: Path) -> Iterator[tuple[str, str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return
    for section in parser.sections():
        for name, value in parser.items(section):
            yield section, name, value


def _uv_file_indexes(environ: Environ) -> Iterator[str]:
    for path in _uv_files(environ):
        try:
            config = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
        yield from _uv_indexes(config)


def _uv_files(environ: Environ) -> Iterable[Path]:
    """uv's configuration outside projects, the one that wins first."""
    if environ.get("UV_CONFIG_FILE"):
        return [Path(environ["UV_CONFIG_FILE"])]
    shared = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    folders = [_config_home(environ), *map(Path, filter(None, shared.split(os.pathsep)))]
    return [folder / "uv/uv.toml" for folder in (*folders, Path("/etc"))]


def _uv_indexes(config: Mapping[str, object]) -> Iterator[str]:
    indexes = config.get("index")
    for index in indexes if isinstance(indexes, list) else []:
        if isinstance(index, dict) and index.get("default") is True:
            yield str(index.get("url", ""))
    pip = config.get("pip")
    for table in (config, pip if isinstance(pip, dict) else {}):
        yield str(table.get("index-url", ""))


def _configured_npm_registries(environ: Environ) -> Iterator[str]:
    own = {name.lower(): value for name, value in environ.items()}
    yield own.get("npm_config_registry", "").strip()
    yield _npmrc_registry(
        Path(own.get("npm_config_userconfig") or _home(environ) / ".npmrc"), environ
    )


def _npmrc_registry(path: Path, environ: Environ) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    found = ""
    for line in lines:
        name, _, value = line.partition("=")
        if name.strip() == "registry":
            found = value.strip().strip("\"'")
    return re.sub(r"\$\{(\w+)\}", lambda match: environ.get(match[1], match[0]), found)


def _home(environ: Environ) -> Path:
    return Path(environ.get("HOME") or Path.home())


def _config_home(environ: Environ) -> Path:
    return Path(environ.get("XDG_CONFIG_HOME") or _home(environ) / ".config")
