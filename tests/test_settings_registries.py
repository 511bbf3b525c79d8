"""The registries are those that pip, uv and npm of this machine are configured with."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pypi_simple
import pytest
from packageurl.contrib import purl2url

from pyf.aggregator.settings import Settings, load_settings

HOST = "https://mirror.example"


@pytest.fixture
def load(tmp_path):
    """Load with a home folder of the test's own; pip's files of the machine are left out."""

    def load(**environ: str) -> Settings:
        own = {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "xdg")}
        own |= {} if "PIP_CONFIG_FILE" in environ else {"PIP_CONFIG_FILE": "/dev/null"}
        return load_settings(own | environ, dotenv=None)

    return load


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_without_configuration_it_is_the_public_index(load):
    assert f"{load().pypi_url}/simple/" == pypi_simple.PYPI_SIMPLE_ENDPOINT


@pytest.mark.parametrize(
    ("url", "root"),
    [
        (f"{HOST}/simple", HOST),
        (f"{HOST}/simple/", HOST),
        (f"{HOST}/api/pypi/all/simple/", f"{HOST}/api/pypi/all"),
        (f"{HOST}/team/pypi/+simple/", f"{HOST}/team/pypi/+simple"),
        ("http://user:pass@10.0.0.1:3141/simple", "http://user:pass@10.0.0.1:3141"),
        (HOST, HOST),
    ],
)
@pytest.mark.parametrize("name", ["PYPI_URL", "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_the_root_lies_above_the_simple_index(load, name, url, root):
    assert root == load(**{name: url}).pypi_url


def test_what_is_set_goes_before_what_pip_says_and_only_that_counts_as_set(load):
    settings = load(PIP_INDEX_URL=f"{HOST}/simple")
    own = load(PIP_INDEX_URL=f"{HOST}/simple", PYPI_URL="https://own.example")

    assert not settings.is_set("PYPI_URL")
    assert own.pypi_url == "https://own.example"
    assert own.is_set("PYPI_URL")


def test_uv_may_name_its_index(load):
    assert load(UV_DEFAULT_INDEX=f"mirror={HOST}/simple").pypi_url == HOST


def test_a_folder_of_wheels_is_passed_over(load):
    settings = load(PIP_INDEX_URL="file:///wheels/simple", UV_INDEX_URL=f"{HOST}/simple")

    assert settings.pypi_url == HOST


def test_pip_reads_its_own_file_and_the_install_section_wins(load, tmp_path):
    text = (
        f"[global]\nindex_url = https://other.example/simple\n[install]\nindex-url = {HOST}/simple"
    )

    assert load(PIP_CONFIG_FILE=write(tmp_path / "own.conf", text)).pypi_url == HOST


def test_the_file_named_by_the_environment_replaces_the_one_of_the_user(load, tmp_path):
    write(tmp_path / ".config/pip/pip.conf", f"[install]\nindex-url = {HOST}/user/simple\n")
    own = write(tmp_path / "own.conf", f"[global]\nindex-url = {HOST}/own/simple\n")

    assert f"{HOST}/own" == load(PIP_CONFIG_FILE=own).pypi_url
    assert f"{HOST}/user" == load(PIP_CONFIG_FILE="").pypi_url


def test_the_files_of_the_user_go_before_those_of_the_machine(load, tmp_path):
    write(tmp_path / "xdg/pip/pip.conf", f"[install]\nindex-url = {HOST}/machine/simple\n")
    assert f"{HOST}/machine" == load(PIP_CONFIG_FILE="").pypi_url

    write(tmp_path / ".pip/pip.conf", f"[install]\nindex-url = {HOST}/old/simple\n")
    assert f"{HOST}/old" == load(PIP_CONFIG_FILE="").pypi_url

    write(tmp_path / ".config/pip/pip.conf", f"[install]\nindex-url = {HOST}/new/simple\n")
    assert f"{HOST}/new" == load(PIP_CONFIG_FILE="").pypi_url


def test_a_file_that_cannot_be_read_is_passed_over(load, tmp_path):
    broken = write(tmp_path / "own.conf", "index-url without a section\n")
    write(tmp_path / ".config/uv/uv.toml", "not = [toml")
    write(tmp_path / "xdg/uv/uv.toml", f'index-url = "{HOST}/simple"')

    assert load(PIP_CONFIG_FILE=broken).pypi_url == HOST


@pytest.mark.parametrize(
    "text",
    [
        'index-url = "{url}"',
        '[[index]]\nname = "extra"\nurl = "https://extra.example"\n'
        '[[index]]\nurl = "{url}"\ndefault = true\n',
        '[pip]\nindex-url = "{url}"',
    ],
)
@pytest.mark.parametrize("place", [".config/uv/uv.toml", "xdg/uv/uv.toml", "elsewhere.toml"])
def test_uv_reads_its_files(load, tmp_path, text, place):
    path = write(tmp_path / place, text.replace("{url}", f"{HOST}/simple"))
    environ = {"UV_CONFIG_FILE": path} if place == "elsewhere.toml" else {}

    assert load(**environ).pypi_url == HOST


def test_an_extra_index_of_uv_is_not_the_index(load, tmp_path):
    write(tmp_path / ".config/uv/uv.toml", f'[[index]]\nurl = "{HOST}"\n')

    assert f"{load().pypi_url}/simple/" == pypi_simple.PYPI_SIMPLE_ENDPOINT


def test_npm_is_the_public_registry_unless_configured(load, tmp_path):
    settings = load()
    public = urlsplit(purl2url.get_download_url("pkg:npm/left-pad@1.0.0"))

    assert f"{public.scheme}://{public.netloc}" == settings.npm_url
    assert (
        public.netloc.split(".")[1:] == urlsplit(settings.npm_downloads_url).netloc.split(".")[1:]
    )
    assert urlsplit(settings.npm_downloads_url).netloc.startswith("api.")

    write(tmp_path / ".npmrc", f"; mine\n@scope:registry=https://x.example\nregistry={HOST}/npm/\n")
    assert f"{HOST}/npm" == load().npm_url
    assert settings.npm_downloads_url == load().npm_downloads_url
    assert f"{HOST}/env" == load(NPM_CONFIG_REGISTRY=f"{HOST}/env/").npm_url


def test_npm_puts_variables_into_its_file(load, tmp_path):
    write(tmp_path / "mine.rc", 'registry="https://${MIRROR}/npm"\n')

    settings = load(NPM_CONFIG_USERCONFIG=str(tmp_path / "mine.rc"), MIRROR="mirror.example")

    assert f"{HOST}/npm" == settings.npm_url
