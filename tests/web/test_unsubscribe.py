"""The link in a digest's mail: who may use it, and what it ends."""

from __future__ import annotations

import pytest
import requests

from pyf.aggregator.accounts import AccountStore, digests, unsubscribe_links
from pyf.aggregator.queue.context import WorkerContext
from pyf.aggregator.queue.reports import send_account_digest
from pyf.aggregator.settings import load_settings
from tests.reports.servers import mail_server

ADDRESS = "ada@people.example"
HOOK = "https://hooks.example/x"
SITE = "https://packages.some-long-name-of-an-organisation.example"


def digest(members, number):
    """What an account wants: how often, by mail, to a webhook."""
    account = AccountStore(members.folder).get(number)
    assert account is not None
    return account.digest, account.email, account.webhook


def path_of(members, number):
    secret = (members.folder / "web.secret").read_text().strip()
    return unsubscribe_links.PATH + unsubscribe_links.unsubscribe_token(secret, number)


@pytest.fixture
def wanting(members):
    """An account that wants digests by mail and to a webhook."""
    members.signed_in("mailed", 6001)
    AccountStore(members.folder).set_digest(6001, "week", ADDRESS, HOOK)
    return 6001


def test_the_page_asks_and_its_button_ends_the_mails(members, wanting):
    stranger = members.browser()
    path = path_of(members, wanting)

    asked = stranger.get(path)
    assert asked.status_code == 200
    assert asked.text.count('<form method="post">') == 1
    assert asked.headers["Cache-Control"] == "no-store"
    assert ADDRESS not in asked.text
    assert digest(members, wanting) == ("week", ADDRESS, HOOK)

    assert stranger.post(path).status_code == 200
    assert digest(members, wanting) == ("week", "", HOOK)
    # Whoever is not sure presses twice.
    assert "No more digests come" in stranger.post(path).text


def test_programs_post_without_saying_where_from(members, wanting):
    body = {"List-Unsubscribe": "One-Click"}

    answer = requests.post(members.url + path_of(members, wanting), body, timeout=10)

    assert answer.status_code == 200
    assert digest(members, wanting)[1] == ""


def test_without_a_webhook_the_digest_ends(members):
    members.signed_in("only-mailed", 6002)
    AccountStore(members.folder).set_digest(6002, "month", ADDRESS, "")

    members.browser().post(path_of(members, 6002))

    assert digest(members, 6002) == ("", "", "")


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path[:-1],
        lambda path: path + "A",
        lambda path: path.replace("6001.", "6003."),
        lambda path: path.replace("6001.", "06001."),
        lambda path: path.replace("6001.", "٦٠٠١."),
        lambda path: path.partition(".")[0],
        lambda path: path.partition(".")[0] + ".",
        lambda path: unsubscribe_links.PATH + "9" * 5000,
        lambda path: (
            unsubscribe_links.PATH + unsubscribe_links.unsubscribe_token("another secret", 6001)
        ),
    ],
)
def test_a_link_that_was_changed_ends_nothing(members, wanting, change):
    path = change(path_of(members, wanting))
    for browser in (members.browser(), members.signed_in("mailed", 6001)):
        assert browser.get(path).status_code == 403
        assert browser.post(path).status_code == 403
    assert digest(members, wanting) == ("week", ADDRESS, HOOK)


def test_the_mail_has_the_link_for_people_and_for_programs(site, tmp_path):
    book = AccountStore(tmp_path)
    book.sign_in(7, "ada")
    book.track(7, "flask-form-kit")
    book.set_digest(7, "week", ADDRESS, "")
    with mail_server() as box:
        told = {
            "PYF_DATA_DIR": str(tmp_path),
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(box.port),
            "SMTP_SECURITY": "none",
            "SMTP_FROM": "reports@packages.example",
        }
        for url in (SITE, "http://packages.example", None):
            settings = load_settings(told | ({"WEB_URL": url} if url else {}), dotenv=None)
            sent = digests.send_digest(settings, site.book.store, "week", 7, "a secret")
            assert sent is not None
            assert sent.failed == {}

    secure, plain, nowhere = (mail for _, mail in box.mails)
    link = f"{SITE}/account/unsubscribe/{unsubscribe_links.unsubscribe_token('a secret', 7)}"
    assert secure["List-Unsubscribe"] == f"<{link}>"
    assert secure["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # In one piece: encoded words would be an address to no program.
    assert dict(secure.raw_items())["List-Unsubscribe"].strip() == f"<{link}>"
    text, html = secure.get_body(("plain",)), secure.get_body(("html",))
    assert text is not None
    assert html is not None
    assert f"No more of these mails: {link}" in text.get_content()
    assert f'<a href="{link}">' in html.get_content()
    # One click is for HTTPS alone; without an address of the site there is no link at all.
    assert plain["List-Unsubscribe"].startswith("<http://packages.example/account/")
    assert plain["List-Unsubscribe-Post"] is None
    assert nowhere["List-Unsubscribe"] is None
    # What people attach and pass on does not end anything.
    [attached] = list(secure.iter_attachments())
    assert "unsubscribe" not in attached.get_content()


def test_the_link_of_a_worker_is_one_of_the_sites(members, wanting):
    book = AccountStore(members.folder)
    book.track(wanting, "flask-form-kit")
    book.set_digest(wanting, "week", ADDRESS, "")
    with mail_server() as box:
        told = {
            **members.environment,
            "WEB_URL": members.url,
            "SMTP_PORT": str(box.port),
            "SMTP_SECURITY": "none",
            "SMTP_FROM": "reports@packages.example",
        }
        send_account_digest(WorkerContext(load_settings(told, dotenv=None)), "week", wanting)

    [(to, mail)] = box.mails
    assert to == [ADDRESS]
    link = mail["List-Unsubscribe"].strip("<>")
    assert requests.post(link, {"List-Unsubscribe": "One-Click"}, timeout=10).status_code == 200
    assert digest(members, wanting) == ("", "", "")
