"""The files around the code: set-up, servers, dependencies, and what must not be in the tree."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pypi_simple
import pytest
import yaml
from packageurl.contrib import purl2url
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pyf.aggregator.settings import SETTINGS, load_settings

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "pyf" / "aggregator"
CONSTRAINTS = (("constraints.txt", "test"), ("constraints-web.txt", "web"))
"""The files of pinned versions, each with the extra that it is for."""
SERVICES = ("typesense", "valkey", "clickhouse")
FOLDERS = {"clickhouse": "/var/lib/clickhouse"}
"""Where images keep their data that do not keep them in ``/data``."""


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w.-]+", requirement)[0] for requirement in requirements}


def extra(name: str) -> list[str]:
    """What an extra asks for, apart from other extras of the project itself."""
    listed = project()["optional-dependencies"][name]
    return [requirement for requirement in listed if not requirement.startswith("pyf.aggregator[")]


def all_requirements(extras: list[str]) -> set[str]:
    """Normalized names of what the project asks for with some extras and the extras in these."""
    known = project()["optional-dependencies"]
    listed = list(project()["dependencies"])
    waiting, seen = list(extras), set()
    while waiting:
        if (name := waiting.pop()) in seen:
            continue
        seen.add(name)
        listed += extra(name)
        for requirement in known[name]:
            if match := re.match(r"pyf\.aggregator\[([\w,]+)\]", requirement):
                waiting += match[1].split(",")
    return {canonicalize_name(name) for name in names(listed)}


def pinned(file: str) -> dict[str, list[str]]:
    """The requirements of a constraints file and their hashes."""
    text = (ROOT / file).read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {
        line.partition(" --hash")[0].strip(): re.findall(r"--hash=(\S+)", line) for line in lines
    }


def targets_of_make() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))


def code_spans(page: str) -> set[str]:
    """What stands between backticks on a page, outside of blocks of code."""
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text("utf-8"), flags=re.M | re.S)
    return set(re.findall(r"`([^`\n]+)`", text))


def tracked_files() -> list[Path]:
    """Every file that is or would be in the repository; without git every one but built ones."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        built = {".venv", ".git", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis"}
        return [p for p in ROOT.rglob("*") if p.is_file() and not built & set(p.parts)]
    paths = (ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name)
    return [path for path in paths if path.is_file()]


def registry_domains() -> set[str]:
    """The domains of the public registries, from the libraries that know them."""
    urls = [
        pypi_simple.PYPI_SIMPLE_ENDPOINT,
        purl2url.get_repo_url("pkg:pypi/name@1.0"),
        purl2url.get_repo_url("pkg:npm/name@1.0"),
        purl2url.get_download_url("pkg:npm/name@1.0"),
    ]
    hosts = {urlsplit(url).hostname for url in urls}
    try:
        from pip._internal.models.index import PyPI
    except ImportError:  # an environment made by uv has no pip
        pass
    else:
        hosts.add(PyPI.file_storage_domain)
    return {".".join(host.split(".")[-2:]) for host in hosts}


@pytest.mark.parametrize(
    ("heading", "declared"),
    [
        ("## At run time", lambda: project()["dependencies"]),
        ("## For tests", lambda: extra("test")),
        ("(extra `local`)", lambda: extra("local")),
        ("(extra `bigquery`)", lambda: extra("bigquery")),
        ("(extra `forecast`)", lambda: extra("forecast")),
        ("(extra `web`)", lambda: extra("web")),
    ],
)
def test_every_dependency_has_its_reason(heading, declared):
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    section = page.partition(heading)[2].partition("\n## ")[0]
    documented = dict(re.findall(r"^\| `([\w.-]+)` \| (.+) \|$", section, re.M))

    assert set(documented) == names(declared())
    assert all(reason.endswith(".") for reason in documented.values())


def test_every_dependency_has_a_lower_bound():
    declared = (extra(name) for name in project()["optional-dependencies"])
    requirements = [*project()["dependencies"], *(r for extra in declared for r in extra)]

    assert [r for r in requirements if not re.search(r">=\d", r)] == []


@pytest.mark.parametrize("file", [file for file, _ in CONSTRAINTS])
def test_every_pinned_version_has_hashes(file):
    requirements = pinned(file)

    assert requirements
    for text, hashes in requirements.items():
        assert re.fullmatch(r"==[\w.!+]+", str(Requirement(text).specifier)), text
        assert hashes, text
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), text


@pytest.mark.parametrize("file", [file for file, _ in CONSTRAINTS])
def test_pinned_versions_come_without_an_address(file):
    text = (ROOT / file).read_text("utf-8")

    assert re.findall(r"://|--(?:extra-)?index-url|--find-links|--trusted-host", text) == []


@pytest.mark.parametrize(("file", "name"), CONSTRAINTS)
def test_everything_that_the_project_asks_for_is_pinned(file, name):
    versions = {}
    for text in pinned(file):
        requirement = Requirement(text)
        versions.setdefault(canonicalize_name(requirement.name), []).append(
            str(requirement.specifier).removeprefix("==")
        )
    asked = [
        *project()["dependencies"],
        *(r for e in project()["optional-dependencies"].values() for r in e),
    ]

    assert all_requirements([name]) - set(versions) == set()
    unfit = [
        f"{wanted} but {version}"
        for wanted in map(Requirement, asked)
        for version in versions.get(canonicalize_name(wanted.name), [])
        if version not in wanted.specifier
    ]
    assert unfit == []


def test_the_image_gets_the_versions_that_are_tested():
    tested = {text.partition(";")[0].strip() for text in pinned("constraints.txt")}
    installed = {text.partition(";")[0].strip() for text in pinned("constraints-web.txt")}

    assert installed <= tested


def test_the_licence_is_there_in_full():
    licence = (ROOT / "LICENSE").read_text("utf-8")

    assert project()["license"] == "Apache-2.0"
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


@pytest.mark.parametrize("service", SERVICES)
def test_the_servers_are_pinned_checked_and_keep_their_data(service):
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    definition = compose["services"][service]

    assert re.search(r":\d+\.\d+(\.\d+)?(-\w+)?$", definition["image"])
    assert definition["healthcheck"]["test"][0] == "CMD"
    assert definition["restart"] == "unless-stopped"
    volume, _, folder = definition["volumes"][0].partition(":")
    assert volume in compose["volumes"]
    assert folder == FOLDERS.get(service, "/data")
    assert all(port.startswith("${") for port in definition["ports"])


@pytest.mark.parametrize(
    ("service", "name"),
    [("typesense", "TYPESENSE_API_KEY"), ("clickhouse", "CLICKHOUSE_PASSWORD")],
)
def test_keys_have_to_be_chosen(service, name):
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    key = compose["services"][service]["environment"][name]

    assert re.fullmatch(rf"\$\{{{name}:\?[^}}]+\}}", key)


def test_the_site_is_built_from_what_is_here_and_told_only_settings():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    site = compose["services"]["web"]
    copied = re.findall(r"^COPY (.+) \S+$", site["build"]["dockerfile_inline"], re.M)
    told = {name: value for name, value in site["environment"].items() if "${" not in value}

    assert all((ROOT / name).exists() for names in copied for name in names.split())
    assert "--require-hashes -r /src/constraints-web.txt" in site["build"]["dockerfile_inline"]
    known = {each.name: each for each in SETTINGS}
    assert set(site["environment"]) <= set(known)
    # A setting that .env has and the container is not told would change nothing, without a word.
    assert {name for name in known if name.startswith("WEB_")} - set(site["environment"]) == {
        "WEB_HOST",
        "WEB_PORT",
    }
    for name in ("WEB_RATE_LIMIT", "WEB_WEBHOOK_HOSTS"):
        assert site["environment"][name] == f"${{{name}-{known[name].default}}}"
    assert load_settings(told, dotenv=None).search_nodes[0].url == "http://typesense:8108"
    assert set(site["depends_on"]) == set(SERVICES)
    assert site["volumes"][0].partition(":")[0] in compose["volumes"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the check is a line of bash")
@pytest.mark.parametrize(("answer", "status"), [('{"ok":true}', 0), ('{"ok":false}', 1)])
def test_the_health_check_reads_the_answer_of_the_search_server(answer, status):
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    *_, script = compose["services"]["typesense"]["healthcheck"]["test"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                request = b""
                while not request.endswith(b"\r\n\r\n"):
                    request += connection.recv(1000)
                assert request.startswith(b"GET /health HTTP/1.0\r\n")
                connection.sendall(f"HTTP/1.0 200 OK\r\n\r\n{answer}".encode())

        thread = threading.Thread(target=serve)
        thread.start()
        port = str(server.getsockname()[1])
        done = subprocess.run(["bash", "-c", script.replace("8108", port)], timeout=20, check=False)
        thread.join()

    assert done.returncode == status


def test_the_workspace_uses_the_same_servers():
    folder = ROOT / ".devcontainer"
    container = json.loads((folder / "devcontainer.json").read_text("utf-8"))
    compose = yaml.safe_load((folder / "docker-compose.yml").read_text("utf-8"))

    assert all((folder / name).is_file() for name in container["dockerComposeFile"])
    assert "../docker-compose.yml" in container["dockerComposeFile"]
    workspace = compose["services"][container["service"]]
    assert set(workspace["depends_on"]) == set(SERVICES)
    assert container["postCreateCommand"] == "make setup"


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_lists_its_targets():
    done = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    for target in ("help", "setup", "test", "lint", "demo", "docs", "constraints", "clean"):
        assert f"  make {target} " in done.stdout


def test_the_continuous_run_is_a_sound_script_that_may_be_run():
    path = ROOT / ".ci" / "run"

    assert os.access(path, os.X_OK)
    assert "set -euo pipefail" in path.read_text("utf-8")
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0


def test_the_workflow_runs_the_check_on_pushes_and_pull_requests():
    path = ROOT / ".github" / "workflows" / "check.yml"
    workflow = yaml.safe_load(path.read_text("utf-8"))
    job = workflow["jobs"]["check"]
    declared = re.findall(r"Python :: (3\.\d+)", "\n".join(project()["classifiers"]))

    # YAML 1.1 reads the key "on" as true.
    assert set(workflow[True]) == {"push", "pull_request"}
    assert workflow["permissions"] == {"contents": "read"}
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert job["strategy"]["matrix"]["python"] == declared
    assert "uv" not in re.findall(r"\w+", path.read_text("utf-8"))


def test_pre_commit_runs_the_tools_of_the_environment_and_downloads_nothing():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]

    assert {repository["repo"] for repository in config["repos"]} == {"local"}
    assert {hook["language"] for hook in hooks} == {"system"}
    for tool in ("ruff", "mypy"):
        assert any(f"${{VENV:-.venv}}/bin/{tool}" in hook["entry"] for hook in hooks)


@pytest.mark.parametrize("name", ["bug", "feature"])
def test_the_forms_for_issues_can_be_shown(name):
    path = ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml"
    form = yaml.safe_load(path.read_text("utf-8"))
    fields = [field for field in form["body"] if field["type"] != "markdown"]

    assert {"name", "description", "body"} <= set(form)
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)
    for field in fields:
        if field["type"] == "dropdown":
            options = field["attributes"]["options"]
            assert all(isinstance(option, str) for option in options)
            assert len(set(options)) == len(options)


@pytest.mark.parametrize(
    "page", ["CONTRIBUTING.md", "README.md", ".github/pull_request_template.md"]
)
def test_the_targets_of_make_that_pages_name_exist(page):
    code = re.findall(r"`make ([a-z]+)|^make ([a-z]+)", (ROOT / page).read_text("utf-8"), re.M)
    named = {first or second for first, second in code}

    assert named
    assert named <= targets_of_make()


def test_the_paths_that_contributors_are_sent_to_exist():
    folders = ("src/", "tests/", "docs/", "tools/", ".ci/")
    named = {span for span in code_spans("CONTRIBUTING.md") if span.startswith(folders)}

    assert named
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_the_page_on_architecture_leads_to_files_that_exist():
    table = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("## Where is")[2]
    named = {
        span
        for span in re.findall(r"`([^`\n]+)`", table)
        if re.search(r"/$|\.(py|yaml|html)$", span) and not span.startswith("src/")
    }

    assert named
    assert {path for path in named if not (PACKAGE / path).exists()} == set()


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_package_is_described(page):
    packages = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}

    assert packages - code_spans(page) == set()


def test_every_page_is_in_the_table_of_contents():
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}

    assert {page for page in pages if f"]({page})" not in index} == set()


@pytest.fixture
def poor_python(tmp_path) -> Path:
    """An interpreter as Debian ships it alone: without ensurepip and pip."""
    path = tmp_path / "python"
    path.write_text(
        "#!/bin/sh\n"
        'case "$*" in *"import ensurepip"*|*"import pip"*) exit 1;; esac\n'
        f'exec "{sys.executable}" "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def set_up(tmp_path: Path, python: Path | str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": "/usr/bin:/bin", "VENV": str(tmp_path / "venv"), "PYTHON": str(python)}
    return subprocess.run(
        ["sh", ROOT / "tools" / "setup-venv.sh"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(
    shutil.which("uv", path="/usr/bin:/bin") is not None, reason="uv can make the environment"
)
def test_set_up_says_what_is_missing_on_a_bare_machine(tmp_path, poor_python):
    done = set_up(tmp_path, poor_python)

    assert done.returncode == 1
    assert "install python3-venv" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "venv").exists()


def test_set_up_refuses_an_interpreter_that_is_too_old(tmp_path):
    done = set_up(tmp_path, "/bin/false")

    assert done.returncode == 1
    assert done.stderr == "set-up: /bin/false is no Python 3.11 or newer\n"


@pytest.fixture
def environment(tmp_path) -> Path:
    """An environment whose pip installs nothing: it keeps account, and lacks what it is told to."""
    path = tmp_path / "venv" / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.write_text(
        "#!/bin/sh\n"
        f'here="{tmp_path}"\n'
        f'[ "$1" = -c ] && exec "{sys.executable}" "$@"\n'
        'echo "$*" >> "$here/asked"\n'
        '[ -e "$here/lacking" ] || exit 0\n'
        'case "$*" in *--require-hashes*) cat "$here/lacking" >&2; exit 1;; esac\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    # Stands in for pip where the interpreter has none.
    (tmp_path / "lib" / "pip").mkdir(parents=True)
    (tmp_path / "lib" / "pip" / "__init__.py").touch()
    return tmp_path


def set_up_pinned(environment: Path, **environ: str) -> tuple[int, list[str], list[str]]:
    """The exit status, the lines on stderr, and what pip was asked for."""
    python = environment / "venv" / "bin" / "python"
    done = subprocess.run(
        ["sh", ROOT / "tools" / "setup-venv.sh"],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(environment / "lib"),
            "VENV": str(python.parents[1]),
            "PYTHON": sys.executable,
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    asked = (environment / "asked").read_text("utf-8").splitlines()
    return done.returncode, done.stderr.splitlines(), asked


without_uv = pytest.mark.skipif(
    shutil.which("uv", path="/usr/bin:/bin") is not None, reason="uv installs instead of pip"
)


@without_uv
def test_set_up_installs_what_is_pinned_then_the_project_alone(environment):
    status, told, asked = set_up_pinned(environment)

    assert (status, len(told), len(asked)) == (0, 1, 2)
    assert asked[0].endswith("--require-hashes -r constraints.txt")
    assert asked[1].endswith("--no-deps -e .")


@without_uv
def test_set_up_takes_what_the_index_has_where_it_lacks_what_is_pinned(environment):
    message = "ERROR: Could not find a version that satisfies the requirement x==1 (from versions:)"
    (environment / "lacking").write_text(f"{message}\nERROR: No matching distribution\n")
    status, told, asked = set_up_pinned(environment)

    assert (status, len(told)) == (0, 2)
    assert "cannot install what constraints.txt names" in told[1]
    assert "requirement x==1)" in told[1]
    assert asked[-1].endswith("-e .[test]")


@without_uv
def test_set_up_fails_where_only_what_is_pinned_will_do(environment):
    (environment / "lacking").write_text("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n")
    status, told, asked = set_up_pinned(environment, PINNED="only")

    assert status == 1
    assert "DO NOT MATCH THE HASHES" in told[-2]
    assert told[-1] == "set-up: cannot install what constraints.txt names"
    assert not any("[test]" in line for line in asked)


def test_no_address_of_a_package_registry_is_written_down():
    domains = {domain.encode() for domain in registry_domains()}
    found = [
        f"{path.relative_to(ROOT)}: {domain.decode()}"
        for path in tracked_files()
        for domain in domains
        if re.search(rb"(?<![\w-])" + re.escape(domain), path.read_bytes().lower())
    ]

    assert len(domains) >= 3
    assert found == []


def test_the_environment_is_read_by_the_settings_alone():
    package = ROOT / "src" / "pyf" / "aggregator"
    readers = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in package.rglob("*.py")
        if path.parent != package / "settings"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {alias.name for alias in node.names} & {"environ", "environb", "getenv"}
        )
    }

    assert readers == set()
