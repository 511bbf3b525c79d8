"""The page of administrators: who may see it, what it shows, what it queues."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from pyf.aggregator.queue.config import PREFIX
from pyf.aggregator.queue.dead_letters import DeadLetters
from tests.queue.running import RedisServer

from .accounts import ADMIN, OURS
from .downloads import LAST

DAY = datetime.now(UTC).date() - timedelta(2)
CHANGES = ["/admin/backfill", "/admin/failures/retry", "/admin/failures/forget"]


def queued(redis: RedisServer) -> list[tuple[str, dict[str, str]]]:
    """Task and arguments of every message in the queue of long tasks; it is emptied."""
    client, found = redis.client(), []
    while message := client.rpop("long"):
        read = json.loads(message)
        body = json.loads(base64.b64decode(read["body"]))
        found.append((read["headers"]["task"].removeprefix(PREFIX), body[1]))
    return found


def test_only_administrators_see_it(staffed):
    stranger = staffed.browser().get("/admin", allow_redirects=False)
    assert stranger.headers["Location"] == "/account/sign-in?next=/admin"

    assert staffed.signed_in("ada").get("/admin").status_code == 403
    assert staffed.signed_in(ADMIN.lower()).get("/admin").status_code == 200


@pytest.mark.parametrize("path", CHANGES)
def test_only_administrators_change_anything(staffed, redis, path):
    stranger = staffed.browser().post(path, first=str(DAY))
    assert stranger.status_code == 401
    assert staffed.signed_in("ada").post(path, first=str(DAY)).status_code == 403
    boss = staffed.signed_in(ADMIN)
    url = staffed.url + path
    assert boss.session.post(url, {"first": str(DAY)}, timeout=10).status_code == 403
    elsewhere = {**OURS, "Origin": "https://elsewhere.example"}
    assert boss.session.post(url, {}, headers=elsewhere, timeout=10).status_code == 403
    assert queued(redis) == []


def test_loads_queue_and_failures_are_shown_and_never_kept(staffed, redis):
    DeadLetters(redis.client()).add(f"{PREFIX}inspect_project", "x", ["<b>x"], {}, "<i>why</i>")
    boss = staffed.signed_in(ADMIN)

    page = boss.get("/admin")

    assert "private" in page.headers["Cache-Control"]
    assert str(LAST) in page.text
    assert "published" in page.text
    assert "No worker answers" in page.text
    assert "&lt;i&gt;why&lt;/i&gt;" in page.text
    boss.post("/admin/failures/forget")
    assert "Nothing has failed for good" in boss.get("/admin").text


@pytest.mark.parametrize(
    ("form", "days"),
    [
        ({"first": str(DAY)}, {"first": str(DAY), "last": str(DAY)}),
        (
            {"first": str(DAY - timedelta(3)), "last": str(DAY)},
            {"first": str(DAY - timedelta(3)), "last": str(DAY)},
        ),
    ],
)
def test_a_day_or_a_range_is_queued(staffed, redis, form, days):
    boss = staffed.signed_in(ADMIN)

    answer = boss.post("/admin/backfill", **form)

    assert answer.status_code == 303
    assert queued(redis) == [("load_downloads", days)]
    assert "The load is queued" in boss.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"first": "yesterday"}, 400),
        ({"first": "2999-01-01"}, 400),
        ({"first": "2001-01-01"}, 400),
        ({"first": str(DAY), "last": str(DAY - timedelta(1))}, 400),
        ({"first": "x" * 50}, 422),
        ({}, 422),
    ],
)
def test_what_is_no_range_of_days_is_refused(staffed, redis, form, status):
    assert staffed.signed_in(ADMIN).post("/admin/backfill", **form).status_code == status
    assert queued(redis) == []


def test_what_failed_is_queued_again(staffed, redis):
    dead = DeadLetters(redis.client())
    days = {"first": str(DAY), "last": str(DAY)}
    dead.add(f"{PREFIX}load_downloads", "x", [], days, "no answer")

    staffed.signed_in(ADMIN).post("/admin/failures/retry")

    assert queued(redis) == [("load_downloads", days)]
    assert len(dead) == 0


def test_without_redis_the_rest_is_shown(staffed, redis):
    redis.stop()
    try:
        boss = staffed.signed_in(ADMIN)
        assert "The queue cannot be shown" in (page := boss.get("/admin").text)
        assert str(LAST) in page
        assert boss.post("/admin/backfill", first=str(DAY)).status_code == 503
    finally:
        redis.start()
