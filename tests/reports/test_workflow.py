"""The ready workflow is sound and calls the command as it is."""

from __future__ import annotations

import shlex
from pathlib import Path

import yaml

from pyf.aggregator.cli.main import parser

WORKFLOW = Path(__file__).parents[2] / "examples" / "collect-downloads.yml"


def steps():
    content = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    return content, content["jobs"]["collect"]["steps"]


def test_it_runs_daily_and_by_hand_and_may_push():
    content, _ = steps()
    triggers = content[True]  # YAML 1.1 reads `on` so

    assert len(triggers["schedule"][0]["cron"].split()) == 5
    assert triggers["workflow_dispatch"]["inputs"]["days"]["default"] == "30"
    assert content["permissions"] == {"contents": "write"}


def test_its_command_is_taken_and_its_failure_is_not_lost_in_the_pipe():
    (collect,) = (step for step in steps()[1] if step.get("name") == "Collect")
    command, _, _ = collect["run"].partition("|")

    arguments = parser().parse_args(shlex.split(command.replace("$DAYS", "30"))[1:])

    assert (arguments.days, arguments.source, str(arguments.output_dir)) == (
        30,
        "pypistats",
        "stats",
    )
    assert collect["shell"] == "bash"


def test_it_says_what_it_did_and_commits_only_what_is_new():
    run = "\n".join(step.get("run", "") for step in steps()[1])

    assert "$GITHUB_STEP_SUMMARY" in run
    assert "git diff --cached --quiet" in run
    assert "${{" not in run
