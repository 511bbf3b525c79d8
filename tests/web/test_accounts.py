"""Signing in with GitHub, the list of packages, and what others try with them."""

from __future__ import annotations

import sqlite3
import stat
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from fastapi.routing import APIRoute

from pyf.aggregator.accounts import FILE
from pyf.aggregator.web.routers import ROUTERS

from .accounts import OURS, Browser, Members

SESSION = "pyf_session"


def begun(browser: Browser, next_path: str = "/dashboard") -> str:
    """Begin a sign-in and let GitHub confirm it; return where GitHub sends the browser."""
    answer = browser.get("/account/sign-in", params={"next": next_path}, allow_redirects=False)
    confirmed = requests.get(answer.headers["Location"], allow_redirects=False, timeout=10)
    return str(confirmed.headers["Location"]).removeprefix(browser.members.url)


def rows(members: Members, table: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(members.folder / FILE) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()


def test_without_a_client_id_there_is_no_trace_of_accounts(site):
    assert "sign-in" not in site.page("/top")
    assert "/dashboard/track" not in site.page("/packages/flask-form-kit")
    off = ("/account/sign-in", "/account/callback", "/dashboard", "/admin")
    for path in (*off, "/dashboard/track?package=x", "/account/unsubscribe/x"):
        assert site.get(path).status_code == 404
    for path in ("/account/delete", "/dashboard/track", "/admin/backfill"):
        answer = requests.post(site.url + path, {"package": "x"}, headers=OURS, timeout=10)
        assert answer.status_code == 404


def test_who_signs_in_is_greeted_and_nobody_else(members):
    assert "/account/sign-in?next=/top" in members.browser().get("/top").text

    browser = members.signed_in("grace")

    assert "grace" in browser.get("/top").text
    assert "grace" not in members.browser().get("/top").text
    private = browser.get("/top").headers
    assert "public" not in private["Cache-Control"]
    assert "private" in private["Cache-Control"]


def test_github_is_asked_with_state_and_pkce_and_cookies_are_guarded(members):
    browser = members.browser()

    answer = browser.get("/account/sign-in", allow_redirects=False)

    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert len(asked["state"][0]) >= 20
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["code_challenge"]
    assert asked["redirect_uri"] == [f"{members.url}/account/callback"]
    callback = browser.get(begun(browser), allow_redirects=False)
    for said in (answer.headers["Set-Cookie"], callback.headers["Set-Cookie"]):
        assert "HttpOnly" in said
        assert "SameSite=lax" in said
    assert answer.headers["Cache-Control"] == callback.headers["Cache-Control"] == "no-store"


def test_an_answer_of_github_is_taken_once(members):
    browser = members.browser()
    path = begun(browser)
    cookies = dict(browser.session.cookies)
    assert browser.get(path, allow_redirects=False).status_code == 303

    # Somebody saw the address, and even the cookie of the sign-in.
    again = members.browser()
    again.session.cookies.update(cookies)
    replayed = again.get(path, allow_redirects=False)

    assert replayed.status_code == 400
    assert SESSION not in replayed.cookies
    fresh_code = begun(members.browser()).partition("code=")[2].partition("&")[0]
    state = parse_qs(urlsplit(path).query)["state"][0]
    with_code = again.get(f"/account/callback?code={fresh_code}&state={state}")
    assert with_code.status_code == 400


def test_a_sign_in_that_another_browser_began_is_refused(members):
    path = begun(members.browser())

    for victim in (members.browser(), members.signed_in("victim")):
        answer = victim.get(path, allow_redirects=False)
        assert answer.status_code == 400
        assert SESSION not in answer.cookies
    begun(other := members.browser())
    assert other.get(path, allow_redirects=False).status_code == 400
    assert other.get("/account/callback").status_code == 400


def test_a_code_that_github_refuses_signs_nobody_in(members):
    browser = members.browser()
    path = begun(browser)
    members.hub.codes.clear()

    answer = browser.get(path, allow_redirects=False)

    assert answer.status_code == 400
    assert "sign in again" in answer.text
    assert SESSION not in answer.cookies


@pytest.mark.parametrize("next_path", ["//elsewhere.example", "https://elsewhere.example", "/\\x"])
def test_nobody_is_sent_elsewhere_after_signing_in(members, next_path):
    browser = members.browser()

    answer = browser.get(begun(browser, next_path), allow_redirects=False)

    assert answer.headers["Location"] == "/"


def test_who_signs_in_comes_back_to_the_page(members):
    browser = members.browser()

    answer = browser.get(begun(browser, "/packages/flask-form-kit"), allow_redirects=False)

    assert answer.headers["Location"] == "/packages/flask-form-kit"


@pytest.mark.parametrize("change", [lambda text: text[:-2], lambda text: "x" + text, lambda _: ""])
def test_a_cookie_that_was_changed_is_of_nobody(members, change):
    browser = members.signed_in()
    value = browser.session.cookies[SESSION]
    stranger = members.browser()
    stranger.session.cookies.set(SESSION, change(value))

    answer = stranger.get("/dashboard", allow_redirects=False)

    assert answer.headers["Location"].startswith("/account/sign-in")


def test_the_list_shows_everything_in_one_view(members):
    browser = members.signed_in()
    browser.post("/dashboard/track", package="Flask.Form_Kit, flask-vulnerable nowhere-seen")

    page = browser.get("/dashboard").text

    for text in ("Flask.Form-Kit", "flask-vulnerable", "nowhere-seen", "vulnerable", "2026-09-20"):
        assert text in page
    assert "/compare/flask-form-kit/flask-vulnerable/nowhere-seen" in page
    assert "<svg" in page
    browser.post("/dashboard/untrack", package="nowhere-seen")
    assert "nowhere-seen" not in browser.get("/dashboard").text
    assert "Flask.Form-Kit" not in members.signed_in("other").get("/dashboard").text


def test_the_page_of_a_package_leads_to_the_list(members):
    path, ask = "/packages/flask-form-kit", "/dashboard/track?package=flask-form-kit"
    stranger = members.browser()
    kept = stranger.get(path).text
    assert f'href="{ask}"' in kept
    assert stranger.get(path).text == kept

    # Who is not signed in does so first and comes back to the question.
    asked = stranger.get(ask, allow_redirects=False)
    assert asked.status_code == 302
    members.hub.number, members.hub.login = 5010, "tracking"
    answer = stranger.get(asked.headers["Location"])
    assert answer.url == members.url + ask
    assert "Track flask-form-kit?" in answer.text

    posted = stranger.post("/dashboard/track", package="flask-form-kit", next=path)
    assert (posted.status_code, posted.headers["Location"]) == (303, path)
    tracked = stranger.get(path)
    assert "Tracked" in tracked.text
    assert "private" in tracked.headers["Cache-Control"]
    assert "You track flask-form-kit" in stranger.get(ask).text
    # Nobody else is shown that page.
    assert members.browser().get(path).text == kept
    other = members.signed_in().get(path).text
    assert 'action="/dashboard/track"' in other
    assert "Tracked" not in other


@pytest.mark.parametrize("name", ["../etc", "<script>alert(1)</script>", "a" * 300, ""])
def test_what_is_no_name_is_not_asked_about(members, name):
    for browser in (members.browser(), members.signed_in()):
        answer = browser.get("/dashboard/track", params={"package": name})
        assert answer.status_code == 404
        assert "<script>alert" not in answer.text


def test_packages_of_ones_own_are_suggested(members):
    browser = members.signed_in("Example")

    assert "flask-form-kit" in browser.get("/dashboard").text
    assert "flask-form-kit" not in members.signed_in("somebody").get("/dashboard").text


def test_a_list_has_an_end_and_odd_names_are_refused(members):
    browser = members.signed_in()

    assert browser.post("/dashboard/track", package="../etc").status_code == 404
    many = " ".join(f"package-{number}" for number in range(101))
    full = browser.post("/dashboard/track", package=many)

    assert full.status_code == 400
    assert "100 packages" in full.text
    assert browser.post("/dashboard/track", package="package-7").status_code == 303


@pytest.mark.parametrize(
    "webhook",
    [
        "https://elsewhere.example/x",
        "http://hooks.example/x",
        "https://hooks.example:8443/x",
        "https://user@hooks.example/x",
        "https://hooks.example@127.0.0.1/x",
        "https://hooks.example/x,http://127.0.0.1/",
        "file:///etc/passwd",
        "https://[::1",
    ],
)
def test_a_webhook_leads_to_no_host_but_the_allowed_ones(members, webhook):
    answer = members.signed_in().post("/dashboard/digest", every="week", webhook=webhook)

    assert answer.status_code == 400
    assert "hooks.example" in answer.text


def test_a_digest_is_kept_with_its_address_and_without_when_it_ends(members):
    browser = members.signed_in("digested", 5001)

    browser.post("/dashboard/digest", every="week", mail="1", webhook="https://hooks.example/x")
    [row] = [row for row in rows(members, "accounts") if row[0] == 5001]
    assert row[3:] == ("week", "ada@people.example", "https://hooks.example/x")

    browser.post("/dashboard/digest", every="")
    [row] = [row for row in rows(members, "accounts") if row[0] == 5001]
    assert row[3:] == ("", "", "")
    assert browser.post("/dashboard/digest", every="week").status_code == 400


def test_signing_out_ends_every_session(members):
    here, there = members.signed_in("twice", 5002), members.signed_in("twice", 5002)

    here.post("/account/sign-out")

    for browser in (here, there):
        answer = browser.get("/dashboard", allow_redirects=False)
        assert answer.headers["Location"].startswith("/account/sign-in")


def test_a_deleted_account_leaves_nothing(members):
    browser = members.signed_in("vanishing-login", 5003)
    browser.post("/dashboard/track", package="vanishing-package")
    content = (members.folder / FILE).read_bytes()
    assert b"vanishing-login" in content
    assert b"vanishing-package" in content

    assert browser.post("/account/delete").status_code == 400
    assert browser.post("/account/delete", sure="yes").status_code == 303

    content = (members.folder / FILE).read_bytes()
    assert b"vanishing" not in content
    assert browser.get("/dashboard", allow_redirects=False).status_code == 302


def test_the_file_is_for_its_owner_only(members):
    members.signed_in()

    for name in (FILE, "web.secret"):
        assert stat.S_IMODE((members.folder / name).stat().st_mode) == 0o600


def changing_routes() -> list[tuple[str, str]]:
    """Every method and path of the site that may change something."""
    return sorted(
        (method, route.path)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods - {"GET", "HEAD", "OPTIONS"}
    )


@pytest.mark.parametrize("signed_in", [False, True])
def test_no_page_of_another_site_changes_anything(members, signed_in):
    browser = members.signed_in() if signed_in else members.browser()
    routes = changing_routes()
    assert {path for _, path in routes} >= {"/theme", "/account/delete", "/dashboard/track"}

    foreign = [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {},
    ]
    for method, path in routes:
        for headers in foreign:
            answer = browser.session.request(
                method, members.url + path, headers=headers, data={"sure": "yes"}, timeout=10
            )
            assert answer.status_code == 403, (method, path, headers)
