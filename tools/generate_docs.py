"""Write what is derived from code: example.env, docs/settings.md, the table in docs/profiles.md.

``python tools/generate_docs.py`` writes the files; with ``--check`` it writes nothing and ends
with status 1 where a file differs from what would be written.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import yaml

from pyf.aggregator.settings import SETTINGS, DerivedDefault, Setting

ROOT = Path(__file__).parents[1]

GROUPS = {
    "TYPESENSE": "Search server (Typesense)",
    "GITHUB": "GitHub",
    "PYPI": "PyPI",
    "PYPISTATS": "pypistats",
    "REDIS": "Redis or Valkey",
    "DEFAULT": "Profiles",
    "CELERY": "Task queue (Celery)",
    "RSS": "Feeds",
    "CLICKHOUSE": "Statistics store (ClickHouse)",
    "STATS": "Loads of download counts",
    "GOOGLE": "BigQuery",
    "REPORT": "Reports",
    "SMTP": "Mail",
    "WEB": "Web",
    "PYF": "This installation",
    "URL": "Upstreams",
}

OWN_ADDRESSES = ("CLICKHOUSE", "WEB")
"""Groups whose addresses are those of this installation, not of upstreams."""

ENV_HEAD = """\
# Every setting of pyf.aggregator, with its default. Copy this file to .env and take the "# " off
# where you want another value; a variable of the environment goes before this file.
# Written by "make docs" from the declarations in src/pyf/aggregator/settings/.
"""

SETTINGS_HEAD = """\
# Settings

Written by `make docs` from the declarations in `src/pyf/aggregator/settings/`.

- A variable of the environment goes before `.env` in the working directory, and that before the
  default. An empty value is as good as none; only for schedules it is a choice (*off*).
- A value that cannot be used is refused at start, with its name, the value and what is allowed;
  all of them are named together. The exit status is 2.
- Secrets, and passwords in URLs, are never printed.
- `example.env` has all of them to start from.
"""

BEGIN, END = "<!-- built-in profiles: begin -->\n", "<!-- built-in profiles: end -->\n"


def group_of(setting: Setting) -> str:
    """The heading under which a setting stands."""
    prefix = setting.name.partition("_")[0]
    if setting.name.endswith("_URL") and prefix not in OWN_ADDRESSES:
        return GROUPS["URL"]
    return GROUPS[prefix]


def grouped() -> Iterator[tuple[str, list[Setting]]]:
    """Every heading with its settings, in the order of the headings."""
    for title in GROUPS.values():
        yield title, [setting for setting in SETTINGS if group_of(setting) == title]


def default_text(setting: Setting) -> str:
    """The default in words."""
    if isinstance(setting.default, DerivedDefault):
        return setting.default.text
    if setting.fallback:
        return f"{setting.fallback}, else {setting.default_text}"
    return setting.default_text or "none"


def example_env() -> str:
    """The text of ``example.env``."""
    return ENV_HEAD + "".join(
        f"\n# ---- {title} ----\n" + "".join(map(env_entry, settings))
        for title, settings in grouped()
    )


def env_entry(setting: Setting) -> str:
    facts = [f"unit: {setting.unit}"] if setting.unit else []
    facts += [f"default: {default_text(setting)}", f"allowed: {setting.kind.allowed}"]
    facts += ["secret"] if setting.secret else []
    lines = [setting.meaning, *textwrap.wrap("; ".join(facts), 94)]
    comment = "".join(f"#   {line}\n" for line in lines)
    return f"\n{comment}# {setting.name}={setting.default_text}\n"


def settings_page() -> str:
    """The text of ``docs/settings.md``."""
    return SETTINGS_HEAD + "".join(
        f"\n## {title}\n\n"
        "| Setting | Default | Unit | Allowed | Meaning |\n|---|---|---|---|---|\n"
        + "".join(map(settings_row, settings))
        for title, settings in grouped()
    )


def settings_row(setting: Setting) -> str:
    default = default_text(setting)
    shown = f"`{default}`" if default == setting.default_text else default
    secret = " Secret." if setting.secret else ""
    cells = (f"`{setting.name}`", shown, setting.unit, setting.kind.allowed)
    return f"| {' | '.join(cells)} | {setting.meaning}{secret} |\n"


def profiles_page(text: str) -> str:
    """``docs/profiles.md`` with the table of built-in profiles renewed between its markers."""
    source = resources.files("pyf.aggregator").joinpath("profiles.yaml").read_text("utf-8")
    rows = (
        f"| `{key}` | {profile['name']} | {', '.join(f'`{f}`' for f in profile['families'])} |\n"
        for key, profile in yaml.safe_load(source)["profiles"].items()
    )
    table = "| Key | Name | Classifiers: these and all below |\n|---|---|---|\n" + "".join(rows)
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + table + END + rest.partition(END)[2]


def main() -> int:
    """Write the files, or with ``--check`` name those that differ."""
    profiles = ROOT / "docs" / "profiles.md"
    wanted = {
        ROOT / "example.env": example_env(),
        ROOT / "docs" / "settings.md": settings_page(),
        profiles: profiles_page(profiles.read_text("utf-8")),
    }
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date: run make docs\n")
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
