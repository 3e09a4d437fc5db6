"""What the CI system's own variables tell of the run: its build and commit, its event and its branch."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from drone_deploy_ecs.core.request.build import Build

_BUILDS = ("DRONE_BUILD_NUMBER", "CI_PIPELINE_NUMBER", "CI_PIPELINE_ID", "GITHUB_RUN_ID", "BUILDKITE_BUILD_NUMBER")
_BRANCHES = ("DRONE_COMMIT_BRANCH", "CI_COMMIT_BRANCH")
_COMMITS = ("DRONE_COMMIT_SHA", "CI_COMMIT_SHA", "GITHUB_SHA", "BUILDKITE_COMMIT", "GIT_COMMIT")
_NUMBERS = (
    "DRONE_BUILD_NUMBER", "CI_PIPELINE_NUMBER", "CI_PIPELINE_IID", "GITHUB_RUN_NUMBER", "BUILDKITE_BUILD_NUMBER",
    "BUILD_NUMBER",
)  # fmt: skip
_PEOPLE = (
    "DRONE_BUILD_TRIGGER", "DRONE_COMMIT_AUTHOR", "GITLAB_USER_LOGIN", "CI_PIPELINE_AUTHOR", "CI_COMMIT_AUTHOR",
    "GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR", "BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_AUTHOR",
)  # fmt: skip
"""Who set off the build (Drone's trigger may be @hook or @cron), or else whose commit it is."""
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


def build(env: Mapping[str, str]) -> Build:
    """The build that the run is a part of: Drone's, Woodpecker's, GitLab's, GitHub's, Buildkite's or Jenkins's.

    Only GitLab tells when the commit was made. A commit is a hash: Buildkite may say HEAD.
    """
    from drone_deploy_ecs.core.request.build import Build

    retries = _number(env, ("BUILDKITE_RETRY_COUNT",))
    return Build(
        commit=next((value for value in _given(env, _COMMITS) if re.fullmatch("[0-9a-f]{7,64}", value)), ""),
        committed_at=_moment(env.get("CI_COMMIT_TIMESTAMP", "")),
        number=_number(env, _NUMBERS),
        attempt=_number(env, ("GITHUB_RUN_ATTEMPT",)) if retries is None else retries + 1,
        who=next((value for value in _given(env, _PEOPLE) if not value.startswith("@")), ""),
        page=page(env),
    )


def _given(env: Mapping[str, str], names: Iterable[str]) -> Iterator[str]:
    return (value for name in names if (value := env.get(name, "").strip()))


def _number(env: Mapping[str, str], names: Iterable[str]) -> int | None:
    text = next(_given(env, names), "")
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        # A commit may be of any time that its author's clock had, the year 10000 included.
        return None


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
    """The address of the CI system's page about this build, without a login; "" where it doesn't tell.

    Drone, GitLab and Woodpecker, Buildkite, Jenkins; GitHub gives it in parts.
    """
    names = ("DRONE_BUILD_LINK", "CI_PIPELINE_URL", "BUILDKITE_BUILD_URL", "BUILD_URL")
    parts = [env.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    github = "{}/{}/actions/runs/{}".format(*parts) if all(parts) else ""
    address = next((env[name] for name in names if env.get(name)), github)
    return re.sub(r"(?<=://)[^/?#]*@", "", address)
