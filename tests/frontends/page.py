"""The parts of docs/frontends.md: blocks of code by heading, rows of tables, and runs of them."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "frontends.md").read_text("utf-8")
WITHOUT_NETWORK = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|"
    r"CERT|E40[137]|E5\d\d|network"
)
# As bundlers for the browser read packages, with what Node needs to run the result.
REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url)"
BUNDLE = (
    *("--bundle", "--platform=node", "--main-fields=module,main", "--format=esm"),
    *(f"--banner:js={REQUIRE};", "--log-level=error", "--outfile=bundle.mjs"),
)


@dataclass(frozen=True)
class Block:
    """One fenced block, and the heading it stands under."""

    heading: str
    language: str
    text: str


def blocks(language: str = "") -> list[Block]:
    """All blocks, or those of a language, in the order of the page."""
    found = []
    for section in re.split(r"^## ", PAGE, flags=re.M):
        heading = section.partition("\n")[0]
        for name, text in re.findall(r"^```(\w+)\n(.*?)^```$", section, re.M | re.S):
            found.append(Block(heading, name, text))
    return [block for block in found if language in ("", block.language)]


def block(heading: str, language: str) -> str:
    """The text of the only block of that language under a heading."""
    (found,) = (each.text for each in blocks(language) if each.heading == heading)
    return found


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head; code without its backticks."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def code(cell: str) -> list[str]:
    """The pieces of code in a cell of a table."""
    return [text.strip() for _, text in re.findall(r"(`+)(.+?)\1(?!`)", cell)]


def run_shell(text: str, environment: Mapping[str, str]) -> str:
    """Run a block as a script; what it prints."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def packages() -> Path:
    """The folder with the npm packages; skips where they cannot be had."""
    missing = _missing()
    if missing:
        pytest.skip(missing)
    return HERE / "node_modules"


@cache
def _missing() -> str:
    """Install the packages where they are not; why that cannot be done, "" when they are there."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "Node or npm is missing"
    installed = HERE / "node_modules" / ".installed"
    wanted = (HERE / "package.json").read_text("utf-8")
    with (HERE / ".gitignore").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if installed.exists() and installed.read_text("utf-8") == wanted:
            return ""
        refusal = _install()
        if not refusal:
            installed.write_text(wanted, encoding="utf-8")
    return refusal


def _install() -> str:
    quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline")
    patience = ("--fetch-retries=0", "--fetch-timeout=30000", "--loglevel=error")
    done = subprocess.run(
        ["npm", "install", *quiet, *patience],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if done.returncode and WITHOUT_NETWORK.search(done.stderr):
        return f"the npm registry cannot be reached: {done.stderr.strip().splitlines()[0]}"
    assert done.returncode == 0, done.stderr
    return ""


def run_javascript(text: str, folder: Path, environment: Mapping[str, str]) -> object:
    """Bundle a block with the files of the page that it imports, run it, parse what it prints."""
    modules = packages()
    (folder / "node_modules").symlink_to(modules)
    (folder / "search.json").write_text(block("What is searched", "json"), encoding="utf-8")
    name_first = block("The project of that name first", "js")
    (folder / "name-first.js").write_text(name_first, encoding="utf-8")
    (folder / "main.js").write_text(text, encoding="utf-8")
    esbuild = modules / ".bin" / "esbuild"
    for command in ([esbuild, "main.js", *BUNDLE], ["node", "bundle.mjs"]):
        done = subprocess.run(
            command,
            cwd=folder,
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
