"""The documentation says what the code does: generated pages are current, examples work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pyf.aggregator.profiles import KEYS, load_profiles, parse_profiles
from pyf.aggregator.settings import SETTINGS, load_settings

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_the_generated_pages_are_what_would_be_written_now():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "generate_docs.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_in_the_example_and_in_the_reference(setting):
    example = (ROOT / "example.env").read_text("utf-8")
    reference = (ROOT / "docs" / "settings.md").read_text("utf-8")

    assert f"#   {setting.meaning}\n" in example
    assert re.search(rf"^# {setting.name}={re.escape(setting.default_text)}$", example, re.M)
    assert re.search(rf"^\| `{setting.name}` \|.*\| {re.escape(setting.meaning)}", reference, re.M)


def test_the_example_gives_the_defaults_when_everything_in_it_is_taken(tmp_path):
    names = {setting.name for setting in SETTINGS}
    lines = (ROOT / "example.env").read_text("utf-8").splitlines()
    taken = [line[2:] for line in lines if line[2:].partition("=")[0] in names]
    dotenv = tmp_path / ".env"
    dotenv.write_text("\n".join(taken), encoding="utf-8")

    assert len(taken) == len(SETTINGS)
    assert load_settings({}, dotenv=dotenv) == load_settings({}, dotenv=None)


def test_copying_the_example_sets_nothing(tmp_path):
    settings = load_settings({}, dotenv=ROOT / "example.env")

    assert [setting.name for setting in SETTINGS if settings.is_set(setting.name)] == []


def test_every_key_of_a_profile_and_every_built_in_one_is_documented():
    page = (ROOT / "docs" / "profiles.md").read_text("utf-8")
    keys = {*KEYS, *(profile.key for profile in load_profiles(load_settings({}, dotenv=None)))}

    assert {key for key in keys if not re.search(rf"^\| `{key}` \|", page, re.M)} == set()


def test_the_example_of_a_profile_file_is_taken():
    page = (ROOT / "docs" / "profiles.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.S)

    profile = parse_profiles(example, "example", ())["data"]

    assert (profile.collection, profile.match) == ("data-tools", "any")
    assert set(KEYS) == set(re.findall(r"^    (\w+):", example, re.M))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    local = [target for target in targets if "://" not in target and "mailto:" not in target]

    assert [target for target in local if not (page.parent / target).exists()] == []
