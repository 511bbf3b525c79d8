"""The terms on which tasks run, for every task there is."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import get_args

import pytest
from celery.schedules import crontab

from pyf.aggregator import queue
from pyf.aggregator.queue import app, config, tasks
from pyf.aggregator.queue.stats import TaskOutcome, WorkCounter
from pyf.aggregator.queue.task import LONGEST_PAUSE, QueueTask
from pyf.aggregator.settings import SETTINGS, load_settings

SETTINGS_NOW = load_settings({}, dotenv=None)
OPTIONS = config.celery_options(SETTINGS_NOW)
TASKS = sorted(name for name in app.tasks if name.startswith(config.PREFIX))


def test_every_task_can_be_imported_from_the_package_and_queued():
    assert {name.removeprefix(config.PREFIX) for name in TASKS} == set(queue.__all__) - {"app"}
    assert all(callable(getattr(queue, name.removeprefix(config.PREFIX)).delay) for name in TASKS)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_lost_with_no_worker_and_keeps_no_result(name):
    task = app.tasks[name]

    assert isinstance(task, QueueTask)
    assert (task.acks_late, task.reject_on_worker_lost, task.ignore_result) == (True, True, True)


def test_messages_come_back_later_than_the_longest_task_takes():
    long = config.long_task_limits(SETTINGS_NOW)
    visibility = OPTIONS["broker_transport_options"]["visibility_timeout"]

    assert visibility > long.hard > config.task_limits(SETTINGS_NOW).hard
    assert visibility > LONGEST_PAUSE


def test_long_tasks_have_limits_and_a_queue_of_their_own():
    for task in config.LONG_TASKS:
        name = config.PREFIX + task
        assert name in TASKS
        assert OPTIONS["task_routes"][name] == {"queue": config.LONG}
        assert OPTIONS["task_annotations"][name]["time_limit"] == 1800


def test_no_message_reaches_two_queues():
    bound = {(q.exchange.name, q.routing_key) for q in OPTIONS["task_queues"]}

    assert len(bound) == len(OPTIONS["task_queues"]) == 3


def test_the_worker_runs_as_the_settings_say():
    settings = load_settings(
        {
            "CELERY_WORKER_POOL": "prefork",
            "CELERY_WORKER_CONCURRENCY": "3",
            "CELERY_WORKER_PREFETCH_MULTIPLIER": "1",
            "CELERY_TASK_RATE_LIMIT": "10/s",
            "REDIS_HOST": "broker.example:7000",
        },
        dotenv=None,
    )
    options = config.celery_options(settings)

    assert options["worker_pool"] == "prefork"
    assert options["worker_concurrency"] == 3
    assert options["worker_prefetch_multiplier"] == 1
    assert options["task_default_rate_limit"] == "10/s"
    assert options["broker_url"] == "redis://broker.example:7000/0"
    assert options["timezone"] == "UTC"


def test_the_schedule_is_the_settings_and_an_empty_one_is_off():
    weekly = {"CELERY_SCHEDULE_WEEKLY_REFRESH": "30 4 * jan,jul sun"}
    off = {"CELERY_SCHEDULE_RSS_PROJECTS": ""}
    schedule = config.beat_schedule(load_settings({**weekly, **off}, dotenv=None))

    assert "read_rss_new_projects_and_queue" not in schedule
    refresh = schedule["refresh_all_indexed_packages"]
    assert refresh["task"] in TASKS
    assert refresh["schedule"] == crontab("30", "4", "sun", "*", "jan,jul")
    assert schedule["read_rss_new_releases_and_queue"]["schedule"] == crontab()
    assert schedule["sync_changes"]["schedule"] == crontab("*/5")


def test_every_schedule_setting_is_used():
    named = {s.attribute for s in SETTINGS if s.name.startswith("CELERY_SCHEDULE_")}

    used = {periodic.setting for periodic in config.PERIODIC_TASKS}
    assert named - used == set()


def test_periodic_tasks_note_their_time():
    for periodic in config.PERIODIC_TASKS:
        assert app.tasks[config.PREFIX + periodic.task].periodic


def test_beat_keeps_its_schedule_in_the_data_folder():
    assert OPTIONS["beat_schedule_filename"].startswith(str(SETTINGS_NOW.pyf_data_dir))


def test_tasks_are_thin():
    tree = ast.parse(inspect.getsource(tasks))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]

    assert not any(isinstance(node, ast.Try) for node in ast.walk(tree))
    bodies = {f.name: f.end_lineno - f.body[0].lineno + 1 for f in functions}
    assert {name: lines for name, lines in bodies.items() if lines > 15} == {}


def test_the_page_names_every_task_schedule_and_count():
    page = (Path(__file__).parents[2] / "docs" / "queue.md").read_text("utf-8")
    settings = [s.name for s in SETTINGS if s.name.startswith("CELERY_SCHEDULE_")]
    counts = [*get_args(WorkCounter), *(f":{how}" for how in get_args(TaskOutcome))]

    assert [name for name in [*settings, *counts] if f"`{name}`" not in page] == []
    rows = set(re.findall(r"^\| `(\w+)\(", page, re.M))
    assert {config.PREFIX + name for name in rows} == set(TASKS)
