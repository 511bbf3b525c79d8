"""``pyfa manage`` as a user meets it: what it prints, where, its questions, its exit status."""

from __future__ import annotations

import json
import os
import pty
import re
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyf.aggregator.index import SearchServer, admin, collections, keys

from ..index.making import documents, fill, make, own_server, remove_all, search

pytestmark = pytest.mark.integration
MODULE = [sys.executable, "-m", "pyf.aggregator.cli.main"]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def name(search: SearchServer) -> Iterator[str]:
    """A name; whatever begins with it is gone from the server after the test."""
    name = f"test_{secrets.token_hex(4)}"
    yield name
    remove_all(search, name)


@pytest.fixture
def environment(search: SearchServer, tmp_path: Path) -> dict[str, str]:
    """The environment of a command that is to use the server."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TYPESENSE_NODES": search.url,
        "TYPESENSE_API_KEY": search.key,
    }


@pytest.fixture
def manage(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run ``pyfa manage`` to its end, without a terminal."""

    def run(*arguments: str, given: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*MODULE, "manage", *arguments],
            env={**environment, **more},
            cwd=tmp_path,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def one_line(result: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    """The command failed with this status and one clear sentence."""
    assert result.returncode == status, result.stderr
    assert len(result.stderr.splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr
    assert result.stdout == ""


def on_terminal(arguments: list[str], environment: dict[str, str], answer: str) -> tuple[int, str]:
    """Run a command on a terminal and answer its question; return its status and what it said."""
    own, theirs = pty.openpty()
    child = subprocess.Popen(
        [*MODULE, "manage", *arguments],
        env={**environment, "TERM": "xterm", "COLUMNS": "200"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said, answered = b"", False
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([own], [], [], 0.1)[0]:
            try:
                piece = os.read(own, 65536)
            except OSError:  # the other end is closed
                break
            said += piece
        if not answered and b"Type 'yes'" in said:
            os.write(own, answer.encode() + b"\n")
            answered = True
    status = child.wait(30)
    os.close(own)
    return status, said.decode()


def test_lists_for_programs(search: SearchServer, name: str, manage: Run) -> None:
    make(search, f"{name}-1", 3)
    admin.set_alias(search, name, f"{name}-1")

    listed = {one["name"]: one for one in json.loads(manage("-ls", "--json").stdout)}
    assert listed[f"{name}-1"]["num_documents"] == 3
    assert listed[f"{name}-1"]["aliases"] == [name]
    assert listed[f"{name}-1"]["fields"]
    assert f"{name}-1" in json.loads(manage("-lsn", "--json").stdout)
    assert {"name": name, "collection_name": f"{name}-1", "exists": True} in json.loads(
        manage("-lsa", "--json").stdout
    )


def test_lists_in_a_pipe_are_separated_by_tabs(
    search: SearchServer, name: str, manage: Run
) -> None:
    make(search, f"{name}-1", 3)
    admin.set_alias(search, name, f"{name}-1")

    rows = [line.split("\t") for line in manage("-ls").stdout.splitlines()]
    (row,) = [row for row in rows if row[0] == f"{name}-1"]
    assert (row[1], row[4]) == ("3", name)
    assert f"{name}-1" in manage("-lsn").stdout.splitlines()
    assert [name, f"{name}-1", ""] in [
        line.split("\t") for line in manage("-lsa").stdout.splitlines()
    ]


def test_lists_on_a_terminal_are_tables(
    search: SearchServer, name: str, environment: dict[str, str]
) -> None:
    make(search, f"{name}-1", 3)

    status, said = on_terminal(["-ls"], environment, "")

    assert status == 0
    assert "Collections" in said
    assert "documents" in said
    assert f"{name}-1" in said


def test_the_old_name_takes_the_same_options(
    search: SearchServer, name: str, environment: dict[str, str]
) -> None:
    make(search, f"{name}-1")
    code = "import sys; from pyf.aggregator.cli.main import pyfupdater; sys.exit(pyfupdater())"

    result = subprocess.run(
        [sys.executable, "-c", code, "--add-alias", "-s", name, "-t", f"{name}-1"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert collections.aliases(search)[name] == f"{name}-1"


def test_aliases(search: SearchServer, name: str, manage: Run) -> None:
    make(search, f"{name}-1")
    make(search, f"{name}-2")

    assert manage("--add-alias", "-s", name, "-t", f"{name}-1").stdout == (
        f"{name} leads to {name}-1\n"
    )
    moved = manage("--add-alias", "-s", name, "-t", f"{name}-2", "--json")
    assert json.loads(moved.stdout) == {
        "name": name,
        "collection_name": f"{name}-2",
        "before": f"{name}-1",
    }
    one_line(manage("--add-alias", "-s", name, "-t", f"{name}-3"), 3, "did you mean")
    one_line(manage("--add-alias", "-s", f"{name}-1", "-t", f"{name}-2"), 1, "is a collection")
    one_line(manage("--add-alias", "-s", f"{name}_b", "-t", name), 2, "is an alias itself")
    one_line(manage("--add-alias", "-s", "a b", "-t", f"{name}-1"), 2, "cannot name")
    one_line(manage("--add-alias", "-t", f"{name}-1"), 2, "-s")
    one_line(manage("--add-alias", "-s", name), 2, "-t")
    assert manage("--delete-alias", name).returncode == 0
    one_line(manage("--delete-alias", name), 3, "no alias")


def test_deleting_asks_and_takes_only_yes(
    search: SearchServer, name: str, environment: dict[str, str]
) -> None:
    make(search, f"{name}-1", 3)
    admin.set_alias(search, name, f"{name}-1")

    status, said = on_terminal(["--delete-collection", f"{name}-1"], environment, "y")
    assert status == 1
    assert "with 3 documents" in said
    assert f"the alias {name} leads to it" in said
    assert admin.find_collection(search, name) == f"{name}-1"
    status, said = on_terminal(["--delete-collection", f"{name}-1"], environment, "yes")
    assert status == 0
    assert admin.find_collection(search, f"{name}-1") is None


def test_deleting_without_a_terminal_needs_force(
    search: SearchServer, name: str, manage: Run
) -> None:
    make(search, f"{name}-1", 3)
    admin.set_alias(search, name, f"{name}-1")

    refused = manage("--delete-collection", f"{name}-1", given="yes\n")
    one_line(refused, 2, "3 documents", f"the alias {name} leads to it", "-f")
    one_line(manage("--delete-collection", name, "-f"), 1, f"leads to '{name}-1'")
    one_line(manage("--delete-collection", f"{name}-9", "-f"), 3, f"{name}-9")
    done = manage("--delete-collection", f"{name}-1", "--force", "--json")
    assert json.loads(done.stdout) == {
        "deleted": f"{name}-1",
        "documents": 3,
        "aliases": [name],
    }
    assert "leads nowhere" in done.stderr


def test_migration_names_what_is_refused(search: SearchServer, name: str, manage: Run) -> None:
    free = [{"name": field, "type": "string"} for field in ("name", "registry")]
    make(search, f"{name}_a", fields=free, default_sorting_field="")
    fill(search, f"{name}_a", 100)
    bad = {"id": "project-41-1.0", "name": "project-41", "registry": "pypi"}
    search.call(lambda client: client.collections[f"{name}_a"].documents.upsert(bad))

    result = manage("--migrate", "-s", f"{name}_a", "-t", f"{name}_b")

    assert result.returncode == 4
    assert "read 100, written 99, refused 1" in result.stdout
    assert "project-41-1.0: " in result.stderr
    assert len(documents(search, f"{name}_b")) == 99
    again = json.loads(manage("--migrate", "-s", f"{name}_a", "-t", f"{name}_b", "--json").stdout)
    assert (again["created"], again["written"]) == (False, 99)
    assert [one["id"] for one in again["refused"]] == ["project-41-1.0"]


def test_migration_used_wrongly(search: SearchServer, name: str, manage: Run) -> None:
    make(search, f"{name}-1")
    admin.set_alias(search, name, f"{name}-1")

    one_line(manage("--migrate", "-s", f"{name}-7", "-t", name), 3, f"{name}-7")
    one_line(manage("--migrate", "-s", name, "-t", f"{name}-1"), 2, "the same collection")
    one_line(manage("--migrate", "-s", name), 2, "-t")
    one_line(manage("--migrate", "-s", name, "-t", "a/b"), 2, "cannot name")


def test_a_keys_value_is_shown_once(search: SearchServer, name: str, manage: Run) -> None:
    make(search, name, 2)

    made = manage("--add-search-only-apikey", "-t", name, "-v")
    value = made.stdout.strip()

    assert made.returncode == 0
    assert value not in made.stderr
    assert search_found(search, name, value) == 2
    for again in (["-lssoa"], ["-lssoa", "--json"], ["-lssoa", "-v"]):
        listed = manage(*again)
        assert name in listed.stdout
        assert value not in listed.stdout + listed.stderr
    chosen = manage("--add-search-only-apikey", "-t", name, "-key", f"chosen_{name}", "--json")
    assert json.loads(chosen.stdout)["value"] == f"chosen_{name}"
    twice = manage("--add-search-only-apikey", "-t", name, "--key", f"chosen_{name}")
    one_line(twice, 1, "a key of this value")
    assert f"chosen_{name}" not in twice.stderr


def search_found(server: SearchServer, name: str, value: str) -> int:
    return int(search(server, name, value)["found"])


def test_keys_used_wrongly(search: SearchServer, name: str, manage: Run) -> None:
    make(search, name)

    one_line(manage("--add-search-only-apikey", "-t", f"{name}_x"), 3, f"{name}_x")
    one_line(manage("--add-search-only-apikey"), 2, "-p", "-t")
    one_line(manage("--add-search-only-apikey", "-p", "plonne"), 2, "did you mean 'plone'")
    one_line(manage("--add-search-only-apikey", "-t", name, "-key", "short"), 2, "8")
    one_line(manage("--delete-apikey", "999999"), 3, "999999")
    one_line(manage("--delete-apikey", "plone"), 2, "-lssoa")
    ahead = manage("--add-search-only-apikey", "-t", f"{name}_x", "-f")
    assert ahead.returncode == 0


def test_deleting_a_key(search: SearchServer, name: str, manage: Run) -> None:
    made = keys.create_search_key(search, name)

    assert manage("--delete-apikey", str(made.id)).returncode == 0
    one_line(manage("--delete-apikey", str(made.id)), 3, str(made.id))


def test_rotation_and_expiry(search: SearchServer, name: str, manage: Run) -> None:
    make(search, name, 2)
    old = keys.create_search_key(search, name)

    rotated = manage("--rotate-search-key", "-t", name, "--grace", "1s")
    new = rotated.stdout.strip()

    assert rotated.returncode == 0
    assert f"key {old.id} stays valid" in rotated.stderr
    assert search_found(search, name, old.value) == search_found(search, name, new) == 2
    time.sleep(1.1)
    expired = json.loads(manage("--expire-old", "--json").stdout)
    assert old.id in expired["deleted"]
    left = {key.id for key in keys.search_keys(search) if name in key.description}
    assert len(left) == 1
    assert old.id not in left
    bad = manage("--rotate-search-key", "-t", name, "--grace", "soon")
    one_line(bad, 2, "such as 7d")


def test_a_scoped_key_from_a_file_or_standard_input(
    search: SearchServer, name: str, manage: Run, tmp_path: Path
) -> None:
    make(search, name, 5)
    parent = keys.create_search_key(search, name)
    (tmp_path / "parent").write_text(parent.value + "\n")
    wanted = ("--scoped-key", "--filter", "name:=project-3", "--expires", "1h")

    made = manage(*wanted, "--parent-key-file", "parent")
    same = manage(*wanted, "--parent-key-file", "-", "--json", given=parent.value)

    assert made.returncode == 0
    assert parent.value not in made.stdout + made.stderr
    assert search_found(search, name, made.stdout.strip()) == 1
    assert json.loads(same.stdout)["embedded"]["filter_by"] == "name:=project-3"
    nobody = manage(*wanted, "--parent-key-file", "parent", TYPESENSE_NODES="http://127.0.0.1:9")
    assert nobody.returncode == 0
    assert "not checked" in nobody.stderr


def test_scoped_keys_used_wrongly(
    search: SearchServer, name: str, manage: Run, tmp_path: Path
) -> None:
    one_line(manage("--scoped-key", "--parent-key-file", "x"), 2, "--filter")
    one_line(manage("--scoped-key", "--filter", "a:=b"), 2, "--parent-key-file")
    named = ("--scoped-key", "--filter", "a:=b", "--parent-key-file")
    one_line(manage(*named, "nowhere"), 2, "No such file")
    one_line(manage(*named, "-", given="two words"), 2, "one key")
    admin_key = manage(*named, "-", given=search.key)
    one_line(admin_key, 1, "admin key")
    assert search.key not in admin_key.stderr


def test_check_schema(search: SearchServer, name: str, manage: Run) -> None:
    make(search, f"{name}-1")
    admin.set_alias(search, name, f"{name}-1")
    extra = [{"name": "name", "type": "string"}, {"name": "stray", "type": "string"}]
    make(search, f"{name}_old", fields=extra, default_sorting_field="")

    fits = manage("--check-schema", "-t", name)
    assert (fits.returncode, fits.stdout) == (0, f"{name}-1 fits the field table\n")
    differs = manage("--check-schema", "-t", f"{name}_old")
    assert differs.returncode == 1
    assert "the field stray (string) is not one of ours\tbreaking\tin place" in differs.stdout
    assert "recreate it" in differs.stderr
    data = manage("--check-schema", "-t", f"{name}_old", "--json")
    assert data.returncode == 1
    assert json.loads(data.stdout)["needs_recreation"] is True
    one_line(manage("--check-schema", "-t", f"{name}_none"), 3, f"{name}_none")


def test_show_is_the_one_of_pyfa_pypi(search: SearchServer, name: str, manage: Run) -> None:
    make(search, name, 3)

    shown = manage("--show", "project-1", "-t", name, "--all-versions", "--json")

    assert [one["id"] for one in json.loads(shown.stdout)] == ["project-1-1.0"]
    one_line(manage("--show", "nobody`s", "-t", name), 3, "there is no project")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["required"]),
        (["-ls", "-lsn"], ["not allowed"]),
        (["-ls", "-t", "x"], ["-t does not go with --list-collections"]),
        (["-lsa", "--grace", "1d"], ["--grace does not go with"]),
        (["--delete-alias", "x", "-f"], ["-f does not go with"]),
        (["--check-schema", "--all-versions"], ["--all-versions does not go with"]),
        (["--backup", ""], ["--backup", "empty"]),
        (["--rotate-search-key", "--grace", "99999w"], ["ten years"]),
        (["--frobnicate"], ["required"]),
        (["-ls", "--frobnicate"], ["unrecognized"]),
    ],
)
def test_options_used_wrongly(manage: Run, arguments: list[str], words: list[str]) -> None:
    one_line(manage(*arguments), 2, *words)


def test_an_unreachable_server_and_a_wrong_key(manage: Run) -> None:
    one_line(manage("-ls", TYPESENSE_NODES="http://127.0.0.1:9"), 5, "cannot be reached")
    wrong = manage("-lssoa", TYPESENSE_API_KEY="not-the-key")
    one_line(wrong, 1, "API key")
    assert "not-the-key" not in wrong.stderr


def test_backup_and_restore(search: SearchServer, name: str, manage: Run, tmp_path: Path) -> None:
    make(search, f"{name}-1", 20)
    admin.set_alias(search, name, f"{name}-1")

    made = manage("--backup", "b", "-t", name)
    assert made.returncode == 0, made.stderr
    assert made.stdout == f"{name}-1\t20\n"
    one_line(manage("--backup", "b", "-t", name), 2, "holds a backup already")
    one_line(manage("--restore", "b"), 1, f"{name}-1", "nothing was changed")
    remove_all(search, name)
    restored = manage("--restore", "b")
    assert restored.returncode == 0, restored.stderr
    assert restored.stdout == f"{name}-1\t20\t20\t0\n"
    assert len(documents(search, name)) == 20
    one_line(manage("--restore", "nowhere"), 2, "is no backup")
    one_line(manage("--backup", "c", "-t", f"{name}_x"), 3, f"{name}_x")
    (tmp_path / "b" / "aliases.jsonl").write_text("[]\n")
    one_line(manage("--restore", "b", "-f"), 2, "aliases.jsonl", "checksum")


def killed_once(
    arguments: list[str], environment: dict[str, str], folder: Path, begun: Callable[[], bool]
) -> None:
    """Start a command and kill it as soon as it has begun."""
    child = subprocess.Popen([*MODULE, "manage", *arguments], env=environment, cwd=folder)
    deadline = time.monotonic() + 60
    while not begun() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    assert child.wait(30) == -signal.SIGKILL, "it ended before it could be killed"


def test_a_killed_backup_is_none_and_a_killed_restore_can_be_run_again(
    environment: dict[str, str], tmp_path: Path, manage: Run
) -> None:
    with own_server(tmp_path / "server") as server:
        where = {"TYPESENSE_NODES": server.url, "TYPESENSE_API_KEY": server.key}
        environment |= where
        make(server, "plone-1", 6000)
        admin.set_alias(server, "plone", "plone-1")
        first = tmp_path / "b" / "documents-0001.jsonl"
        killed_once(["--backup", "b"], environment, tmp_path, first.exists)
        one_line(manage("--restore", "b", **where), 2, "no backup")
        assert manage("--backup", "b", **where).returncode == 0
        before = documents(server, "plone")
        remove_all(server, "")

        def begun() -> bool:
            return any(remote["num_documents"] for remote in admin.overview(server))

        killed_once(["--restore", "b"], environment, tmp_path, begun)
        assert collections.aliases(server) == {}
        again = manage("--restore", "b", **where)
        assert again.returncode == 0, again.stderr
        assert documents(server, "plone") == before


def test_copy_to_another_server(
    search: SearchServer, name: str, manage: Run, tmp_path: Path
) -> None:
    make(search, f"{name}-1", 20)
    admin.set_alias(search, name, f"{name}-1")
    with own_server(tmp_path / "server") as target:
        key = tmp_path / "key"
        key.write_text(target.key)
        wanted = ("--copy-to", target.url, "-t", name)

        one_line(manage(*wanted), 2, "--target-key-file")
        copied = manage(*wanted, "--target-key-file", str(key), "--json")

        assert copied.returncode == 0, copied.stderr
        assert json.loads(copied.stdout)["collections"][f"{name}-1"]["written"] == 20
        assert target.key not in copied.stdout + copied.stderr
        assert documents(target, name) == documents(search, name)
        one_line(manage(*wanted, "--target-key-file", str(key)), 1, "already", "-f replaces")
        key.write_text("wrong")
        one_line(manage(*wanted, "--target-key-file", str(key)), 1, "API key")
    one_line(manage("--copy-to", "nonsense", "--target-key-file", str(key)), 2, "--copy-to")
    nobody = ("--copy-to", "http://127.0.0.1:9", "--target-key-file", str(key))
    one_line(manage(*nobody), 5, "127.0.0.1:9")
    own = tmp_path / "own"
    own.write_text(search.key)
    one_line(manage("--copy-to", search.url, "--target-key-file", str(own)), 2, "to copy from")


def test_every_option_is_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "manage.md").read_text("utf-8")
    shown = subprocess.run(
        [*MODULE, "manage", "--help"], capture_output=True, text=True, check=True
    ).stdout
    options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", shown.partition("options:")[2]))

    assert {"-ls", "--copy-to", "--expire-old", "-key"} <= options
    told = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", page))
    assert options - {"-h", "--help"} - told == set()
