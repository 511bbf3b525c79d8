"""Digests of what somebody tracks: to whom they go, what they hold, when there is none."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pyf.aggregator.accounts import FILE, AccountStore, AccountsUnusable, digests
from pyf.aggregator.errors import UsageError
from pyf.aggregator.settings import Settings, load_settings
from tests.reports.servers import webhook

ADA, BOB = 1, 2
SECRET = "signs links"


@pytest.fixture
def book(tmp_path: Path) -> AccountStore:
    """Two accounts, one of which tracks packages."""
    made = AccountStore(tmp_path)
    for number, login in ((ADA, "ada"), (BOB, "bob")):
        made.sign_in(number, login)
    for name in ("Flask.Form-Kit", "flask-vulnerable", "nowhere-seen"):
        made.track(ADA, name)
    return made


def settings_of(folder: Path, hosts: str) -> Settings:
    told = {"PYF_DATA_DIR": str(folder), "WEB_WEBHOOK_HOSTS": hosts}
    return load_settings(told, dotenv=None)


def test_only_those_who_want_a_digest_get_one(book, tmp_path):
    settings = settings_of(tmp_path, "hooks.example")
    assert digests.accounts_with_digest(settings, "week") == []

    book.set_digest(ADA, "week", "", "https://hooks.example/x")
    book.set_digest(BOB, "month", "bob@people.example", "")

    assert digests.accounts_with_digest(settings, "week") == [ADA]
    assert digests.accounts_with_digest(settings, "month") == [BOB]


def test_a_site_without_accounts_has_no_digests_and_makes_no_file(tmp_path):
    assert digests.accounts_with_digest(settings_of(tmp_path, ""), "week") == []
    assert list(tmp_path.iterdir()) == []


def test_a_digest_tells_of_the_packages_tracked(site, book, tmp_path):
    with webhook() as hook:
        place = hook.url.split("/")[2]
        settings = settings_of(tmp_path, f"hooks.example, {place}")
        book.set_digest(ADA, "week", "", hook.url)

        sent = digests.send_digest(settings, site.book.store, "week", ADA, SECRET)

        assert sent is not None
        assert sent.failed == {}
        [body] = hook.posted
        assert "ada" in str(body)
        assert "flask-form-kit" in str(body)
        assert "flask-page00" not in str(body)
        # Of another period, of nothing known, of nobody.
        assert digests.send_digest(settings, site.book.store, "month", ADA, SECRET) is None
        book.set_digest(BOB, "week", "", hook.url)
        assert digests.send_digest(settings, site.book.store, "week", BOB, SECRET) is None
        assert digests.send_digest(settings, site.book.store, "week", 99, SECRET) is None
        assert len(hook.posted) == 1


def test_a_webhook_that_is_no_longer_allowed_is_not_asked(site, book, tmp_path):
    with webhook() as hook:
        book.set_digest(ADA, "week", "", hook.url)

        with pytest.raises(UsageError, match="one of these hosts"):
            digests.send_digest(
                settings_of(tmp_path, "hooks.example"), site.book.store, "week", ADA, SECRET
            )

        assert hook.posted == []


def test_a_file_that_cannot_be_used_is_told_in_a_sentence(tmp_path):
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)

    with pytest.raises(AccountsUnusable, match="cannot be used"):
        AccountStore(tmp_path).get(1)


def test_a_mark_is_used_once_by_whoever_comes_first(book, tmp_path):
    other = AccountStore(tmp_path)

    assert [book.use_once("x", 60), other.use_once("x", 60), book.use_once("y", 60)] == [
        True,
        False,
        True,
    ]
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
