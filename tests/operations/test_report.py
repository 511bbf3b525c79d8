"""A report: its counts have declared names, its JSON has the published shape."""

from __future__ import annotations

import jsonschema_rs
import pytest

from pyf.aggregator.operations import COUNTS, JSON_SCHEMA, OPERATIONS, Problem, Report


def test_json_has_the_published_shape():
    step = Report(
        "fetch",
        "plone",
        state="partly",
        counts=dict.fromkeys(COUNTS, 1),
        problems=(Problem("plone.api", "HTTP 503"), Problem("a-1.0", "too long", "refused")),
        exit_status=4,
    )
    report = Report("run", "plone", "plone", steps=(step,))

    jsonschema_rs.validate(JSON_SCHEMA, report.as_dict())


def test_an_unknown_count_is_refused():
    with pytest.raises(ValueError, match="not a count of a report: documnets"):
        Report("fetch", "plone", counts={"documnets": 1})


def test_json_of_another_shape_is_refused():
    wrong = {**Report("run", "plone").as_dict(), "refused": []}

    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(JSON_SCHEMA, wrong)


def test_everything_that_is_missing_is_a_sentence():
    problems = (
        Problem("plone.api", "HTTP 503"),
        Problem("a-1.0", "too long", "refused"),
        Problem("GHSA-1", "no id", "unreadable"),
    )

    assert Report(
        "run", "plone", problems=problems, missing=("3 projects are left",)
    ).shortfalls == [
        "3 projects are left",
        "no answer for plone.api: HTTP 503",
        "refused a-1.0: too long",
        "advisory GHSA-1 cannot be read: no id",
    ]


def test_operations_have_names_of_their_own_and_say_what_they_do():
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    assert all(
        operation.summary and not operation.summary.endswith(".") for operation in OPERATIONS
    )
