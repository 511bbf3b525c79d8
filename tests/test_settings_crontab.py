"""Crontab schedules are checked field by field."""

from __future__ import annotations

import re

import pytest

from pyf.aggregator.settings.crontab import check_crontab


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * * *",
        "*/5 * * * *",
        "0,30 2 1-15/3 jan,Jul mon-fri",
        "59 23 31 12 6",
        "0 22-4 * * fri-mon",
    ],
)
def test_schedules_that_celery_takes_are_taken(text):
    assert text == check_crontab(text)


def test_blanks_are_made_single():
    assert check_crontab("  0\t2 *  * 0 ") == "0 2 * * 0"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("* * * *", "it has 4 fields"),
        ("* * * * * *", "it has 6 fields"),
        ("60 * * * *", "minute '60' is not within 0-59"),
        ("* 24 * * *", "hour '24'"),
        ("* * 0 * *", "day_of_month '0'"),
        ("* * * 13 *", "month '13'"),
        ("* * * * 7", "day_of_week '7' is not within 0-6"),
        ("* * * * fry", "day_of_week 'fry'"),
        ("*/0 * * * *", "minute '*/0': a step follows"),
        ("5/10 * * * *", "minute '5/10': a step follows"),
        ("1,,2 * * * *", "minute '' cannot be read"),
        ("-1 * * * *", "minute '-1' cannot be read"),
        ("@daily", "it has 1 fields"),
        ("٣ * * * *", "minute '٣' cannot be read"),
    ],
)
def test_a_wrong_schedule_names_the_field(text, sentence):
    with pytest.raises(ValueError, match="^" + re.escape(sentence)):
        check_crontab(text)
