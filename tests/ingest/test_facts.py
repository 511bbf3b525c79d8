"""What a document that is written anew may take over from the others of its project."""

from __future__ import annotations

from pyf.aggregator.enrich.flags import MALICIOUS
from pyf.aggregator.ingest import project
from pyf.aggregator.ingest.project import release_facts

NEWEST = {
    "github_stars": 7,
    "vulnerabilities": [{"id": "PYSEC-1"}],
    "is_vulnerable": True,
    "flags": ["malicious", "suspected-typosquat"],
    "resembles": "requests",
}


def test_a_release_nobody_judged_takes_over_what_is_the_projects() -> None:
    assert release_facts(NEWEST, {}) == {
        "github_stars": 7,
        "flags": ["suspected-typosquat"],
        "resembles": "requests",
    }
    assert "flags" not in release_facts({"flags": ["malicious"]}, {})


def test_a_release_keeps_what_was_said_of_itself() -> None:
    own = {"is_vulnerable": False, "flags": ["malicious"], "github_stars": 3}

    assert release_facts(NEWEST, own) == {
        "github_stars": 7,
        "is_vulnerable": False,
        "flags": ["malicious", "suspected-typosquat"],
        "resembles": "requests",
    }


def test_both_rooms_mean_the_same_flag() -> None:
    assert project.MALICIOUS == MALICIOUS
