"""What the CI system's own variables tell of the run: its build, its event and its branch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUILDS = ("DRONE_BUILD_NUMBER", "CI_PIPELINE_NUMBER", "CI_PIPELINE_ID", "GITHUB_RUN_ID", "BUILDKITE_BUILD_NUMBER")
_BRANCHES = ("DRONE_COMMIT_BRANCH", "CI_COMMIT_BRANCH")
_EVENTS = ("DRONE_BUILD_EVENT", "CI_PIPELINE_EVENT", "CI_PIPELINE_SOURCE", "GITHUB_EVENT_NAME")


_ATTEMPTS = (
    ("GITHUB_RUN_ID", "GITHUB_REPOSITORY", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB", "GITHUB_ACTION"),
    ("BUILDKITE_BUILD_ID", "BUILDKITE_JOB_ID", "BUILDKITE_RETRY_COUNT", "BUILDKITE_STEP_ID"),
    ("CI_JOB_ID", "CI_SERVER_URL", "CI_PROJECT_ID"),
    ("CI_PIPELINE_NUMBER", "CI_REPO", "CI_WORKFLOW_NAME", "CI_STEP_NAME", "CI_SYSTEM_HOST"),
    ("DRONE_BUILD_NUMBER", "DRONE_REPO", "DRONE_STAGE_NUMBER", "DRONE_STEP_NAME", "DRONE_SYSTEM_HOST"),
)
"""By CI system what tells its attempts at a build apart: GitHub, Buildkite, GitLab (a job that is retried has another
id), Woodpecker, Drone (a build that is restarted has another number). The first must be there."""


def attempt(env: Mapping[str, str]) -> str:
    """What is the same for every run of this step in this attempt at the build, and for no other; "" for none."""
    names = next((names for names in _ATTEMPTS if env.get(names[0])), ())
    return " ".join(f"{name}={env.get(name, '')}" for name in names)


def session_name(env: Mapping[str, str]) -> str:
    """Names the tool and the build, so that CloudTrail tells which pipeline it was."""
    build = next((f"-{env[name]}" for name in _BUILDS if env.get(name)), "")
    return re.sub(r"[^\w+=,.@-]", "-", f"drone-deploy-ecs{build}", flags=re.ASCII)[:64]


def branch(env: Mapping[str, str]) -> str:
    """The branch that the run is for (a pull request's target), or "": tags have none.

    Drone, then Woodpecker and GitLab, then GitHub, whose GITHUB_REF_NAME is a tag's name in the run of a tag.
    """
    names = (*_BRANCHES, *(["GITHUB_REF_NAME"] if env.get("GITHUB_REF_TYPE") == "branch" else []))
    return next((value for name in names if (value := env.get(name, "").strip())), "")


def pull_request(env: Mapping[str, str]) -> str:
    """The event, as `VARIABLE is event`, where a pull (or merge) request set off the run, or "".

    Woodpecker has pull_request_closed and pull_request_metadata, GitHub pull_request_target and pull_request_review,
    GitLab merge_request_event and external_pull_request_event.
    """
    events = ((name, env.get(name, "").strip()) for name in _EVENTS)
    return next((f"{name} is {event}" for name, event in events if "pull_request" in event or "merge_req" in event), "")


def page(env: Mapping[str, str]) -> str:
    """The address of the CI system's page about this build, "" where it doesn't tell.

    Drone, GitLab and Woodpecker, Buildkite, Jenkins; GitHub gives it in parts.
    """
    names = ("DRONE_BUILD_LINK", "CI_PIPELINE_URL", "BUILDKITE_BUILD_URL", "BUILD_URL")
    parts = [env.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    github = "{}/{}/actions/runs/{}".format(*parts) if all(parts) else ""
    return next((env[name] for name in names if env.get(name)), github)
