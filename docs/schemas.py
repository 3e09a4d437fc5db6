"""JSON Schemas of what programs read: the report, and what `status` tells.

A member may be added without a new version: readers ignore it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.causes.known import Weight
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.exit_code import SIGNALLED, ExitCode
from drone_deploy_ecs.core.plan.standing import State
from drone_deploy_ecs.core.report.json import VERSION
from drone_deploy_ecs.core.steps.probe.answer import Word
from drone_deploy_ecs.core.verdict import EndState, Verdict
from drone_deploy_ecs.output.status.json import VERSION as STATUS_VERSION

if TYPE_CHECKING:
    from enum import Enum

SIGNALLED_CODES = (SIGNALLED + 2, SIGNALLED + 15)
"""By SIGINT and SIGTERM, the two that are handled."""


def report(by: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of `core.report.json`; `by` says what made it."""
    whole = shape(
        version=_version(VERSION),
        action=text("What was done: deploy, watch, rollback, run, continue; more may be added"),
        build=_build_schema(),
        verdict=enumeration(Verdict, "The verdict on the run: that of the service that fared worst"),
        exit_code={"enum": [*(int(code) for code in ExitCode if code is not ExitCode.BUG), *SIGNALLED_CODES],
                   "description": "What the process exits with; see exit-codes.md"},
        started_at=moment("When the run began"),
        finished_at=moment("When the run ended"),
        problems=_problems("Why nothing was written; empty unless the run was refused before its first write"),
        services=many("Every service of the run; empty when the run was refused before its first write", _service_schema()),
        steps=many("What else was done and is told of by itself (a one-off task, say), in order; most runs have none", _step_schema()),
        api_calls=_api_calls(),
        timeline=many("Every line of the log, in order", shape(
            at=moment("When"),
            kind=enumeration(Kind, "What sort of news it is"),
            service=text("The service it is about; empty: the whole run"),
            text=text("The line, as it was printed"))),
    )  # fmt: skip
    return _published("Report of drone-deploy-ecs", by, whole)


def status(by: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of `output.status.json`; `by` says what made it."""
    whole = shape(
        version=_version(STATUS_VERSION),
        action={"const": "status", "description": "What was done"},
        at=moment("When it was read"),
        problems=_problems("The services that aren't there; the process exits with 2 then"),
        services=many("Every service that was found", _standing_schema()),
        api_calls=_api_calls(),
    )
    return _published("Status by drone-deploy-ecs", by, whole)


def _published(title: str, by: str, whole: dict[str, Any]) -> dict[str, Any]:
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, "title": title, "description": by.replace("`", ""), **whole}


def _version(version: int) -> dict[str, Any]:
    return {"const": version, "description": "Of this shape; grows when a member changes its meaning or goes away"}


def _problems(description: str) -> dict[str, Any]:
    return many(description, shape(what=text("What is wrong"), do=text("What to do about it; may be empty")))


def _api_calls() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "How many calls were made, by operation",
        "propertyNames": {"pattern": "^[A-Z][A-Za-z]+$"},
        "additionalProperties": {"type": "integer", "minimum": 1},
    }


# --- the report's parts ---


def _build_schema() -> dict[str, Any]:
    whole = shape(
        commit=text("The hash of its commit; empty where that isn't told"),
        committed_at=or_null(moment("When that was committed; null where that isn't told: only GitLab does")),
        number=or_null(number("Its number: build_number, or the CI system's; null where that isn't told")),
        attempt=or_null(number("Which attempt at it this is, from 1; null where that isn't told: GitHub and Buildkite do")),
        who=text("Who set it off, or whose commit it is, as the CI system names people; empty where it doesn't"),
        page=text("The address of the CI system's page about it; empty where that isn't told"),
    )  # fmt: skip
    return {**whole, "description": "The build that the run is a part of, as far as the CI system's variables tell"}


def _service_schema() -> dict[str, Any]:
    return shape(
        region=text("The AWS region"),
        cluster=text("The cluster's name"),
        service=text("The service's name"),
        verdict=enumeration(Verdict, "What became of its deployment"),
        stands=enumeration(EndState, "How it stands now, against what it ran before the run"),
        before=text("What it ran before (family:revision); empty when nothing was COMPLETED"),
        target=text("The revision that was asked for (family:revision); empty when it was never registered"),
        running=text("The revision of its PRIMARY deployment as last seen (family:revision)"),
        deployment_id=text("The id of our deployment (ecs-svc/…); empty when there was none"),
        failed={"type": "boolean", "description": "Whether it failed by itself, so that others may have had to return"},
        deployed_at=or_null(
            moment(
                "When the new version was first seen to serve: all its tasks healthy, or all traffic on it; null where it never was"
            )
        ),
        restored_at=or_null(
            moment("When its way back was whole: steady on what it ran before; null where it had none, or isn't back")
        ),
        reason=text("Why, in a sentence; empty when all went well"),
        causes=many(
            "Why it failed, the heaviest first; empty when it didn't, or when nothing is known", _cause_schema()
        ),
        pause=_pause_schema(),
        counts=many(
            "The tasks of its deployments over time: an entry whenever a look showed another count; empty when it wasn't looked at",
            _count_schema(),
        ),
        strategy=text(
            "By which strategy ECS deploys it (ROLLING, BLUE_GREEN, LINEAR, CANARY); empty when it wasn't looked at"
        ),
        traffic=many(
            "Who got its production traffic over time, where ECS shifts that: an entry whenever a look showed another weight",
            shape(
                at=moment("From when on"),
                revision=text("The deployment's revision (family:revision); empty when it wasn't listed"),
                deployment_id=text("The deployment (ecs-svc/…)"),
                weight={
                    "type": "number",
                    "minimum": 0,
                    "maximum": 100,
                    "description": "What ECS asks for, in per cent",
                },
            ),
        ),
        stages=many(
            "Where ECS was over time, where it shifts traffic: an entry whenever a look showed something else",
            shape(
                at=moment("From when on"),
                name=text("ECS's lifecycle stage; more may be added; empty when it told none"),
                status=text("The status of its service deployment (IN_PROGRESS, ROLLBACK_IN_PROGRESS, SUCCESSFUL, …)"),
                awaits=text("The kind of the hook whose answer it waited for (AWS_LAMBDA, PAUSE); empty: none"),
                bakes={
                    "type": "boolean",
                    "description": "Whether it baked: after a step of the traffic, or after all of it",
                },
            ),
        ),
    )


def _pause_schema() -> dict[str, Any]:
    whole = shape(
        stage=text("The lifecycle stage"),
        hook_id=text("The PAUSE hook's id (ecs-pause-…)"),
        service_deployment=text("The service deployment's ARN"),
        production_percent={"type": ["number", "null"], "description": "Its part of production traffic; null where ECS tells none"},
        expires_at={**moment("When it is answered if nobody has; null where never"), "type": ["string", "null"]},
        timeout_action=text("CONTINUE or ROLLBACK: the answer that it then gets"),
    )  # fmt: skip
    description = "The PAUSE hook at which it was left waiting; null where it wasn't"
    return {**whole, "type": ["object", "null"], "description": description}


def _step_schema() -> dict[str, Any]:
    return shape(
        kind=text("What it is, by the name of its setting"),
        name=text("Which of its kind; empty where there is only one"),
        what=text("What was done, as the plan says it"),
        service=text("The service it is about; empty: the whole run"),
        verdict=enumeration(Verdict, "What became of it"),
        ended=text("How it ended, in a clause"),
        stands={
            "enum": ["", *(state.value for state in EndState)],
            "description": "How what it changed stands now; empty where it changes nothing that could go back",
        },
        began_at=or_null(moment("When it began; null where it never did")),
        ended_at=or_null(moment("When it ended; null where that isn't known")),
        exit_code={"type": ["integer", "null"], "description": "Its exit code; null where it has none"},
        causes=many("Why it failed, the heaviest first", _cause_schema()),
        log=many("The last lines of its log, where they are known", {"type": "string"}),
        answers=many("The last answers to a probe, oldest first; none of other steps", _answer_schema()),
    )


def _answer_schema() -> dict[str, Any]:
    return shape(
        at=moment("When"),
        word={
            "enum": [word.value for word in Word],
            "description": "What it is worth; neither: good, but without the text while others serve, too; unreached: there was no connection",
        },
        text=text("What it was, in a clause"),
    )


def _count_schema() -> dict[str, Any]:
    return shape(
        at=moment("From when on"),
        revision=text("The deployment's revision (family:revision)"),
        deployment_id=text("The deployment (ecs-svc/…)"),
        desired=number("How many tasks it is to have; 0 once another deployment is PRIMARY"),
        running=number("How many run"),
        pending=number("How many are starting"),
        failed=number("How many have failed so far, as ECS counts them"),
    )


def _cause_schema() -> dict[str, Any]:
    return shape(
        name=text("One of the names in causes.md; more may be added"),
        weight=enumeration(Weight, "What one occurrence proves"),
        headline=text("What happened, in our words"),
        container=text("The container that brought the task down; empty when it isn't known"),
        exit_code={
            "type": ["integer", "null"],
            "description": "That container's exit code; null when it never started",
        },
        stop_code=text("ECS's stop code; empty when it gave none"),
        reason=text("What ECS said, cleaned of control characters; may be empty"),
        task=text("The id of one such task; empty for a service event"),
        count={"type": "integer", "minimum": 1, "description": "How many tasks or events told the same"},
        advice=text("What to do next; may be empty"),
        log=many("The last lines of the container's log, where they are known", {"type": "string"}),
        evidence=many("What other sources say: target health, alarms, where the log is", {"type": "string"}),
    )


# --- the status's parts ---


def _standing_schema() -> dict[str, Any]:
    return shape(
        region=text("The AWS region"),
        cluster=text("The cluster's name"),
        service=text("The service's name"),
        state=enumeration(State, "How it stands, in a word"),
        running=text("The revision of its PRIMARY deployment (family:revision)"),
        deployment_id=text("The id of that deployment (ecs-svc/…); empty where it has none"),
        since=or_null(moment("When that was completed, or began while it isn't; null where nothing tells")),
        desired=number("How many tasks it is to have"),
        running_tasks=number("How many run, of all its deployments"),
        strategy=text("By which strategy ECS deploys it (ROLLING, BLUE_GREEN, LINEAR, CANARY)"),
        containers=many(
            "The containers of what runs",
            shape(
                name=text("The container's name"),
                image=text("Its image, as the task definition has it"),
                digest=text("The digest that runs (sha256:…); empty where it isn't known"),
            ),
        ),
        deployments=many(
            "ECS's deployments of it",
            shape(
                deployment_id=text("The deployment (ecs-svc/…)"),
                status=text("ECS's word: PRIMARY, ACTIVE, …"),
                revision=text("Its revision (family:revision)"),
                desired=number("How many tasks it is to have"),
                running=number("How many run"),
                pending=number("How many are starting"),
                failed=number("How many have failed so far, as ECS counts them"),
                rollout_state=text("ECS's word: COMPLETED, IN_PROGRESS, FAILED; empty where it gives none"),
            ),
        ),
        in_flight=_flight_schema(),
        rollouts=many(
            "Its last rollouts on ECS's record, the newest first",
            shape(
                began_at=moment("When it began"),
                revision=text("Its revision (family:revision); empty where it isn't known"),
                status=text("ECS's word: SUCCESSFUL, ROLLBACK_SUCCESSFUL, STOPPED, …"),
                reason=text("ECS's reason; may be empty"),
                seconds={"type": ["number", "null"], "description": "How long it took; null where it isn't over"},
            ),
        ),
        unread=many("What couldn't be read, and why", {"type": "string"}),
    )


def _flight_schema() -> dict[str, Any]:
    whole = shape(
        deployment_id=text("The deployment (ecs-svc/…)"),
        revision=text("Its revision (family:revision); empty where it isn't known"),
        going_back={"type": "boolean", "description": "Whether it is on its way back"},
        stage=text("ECS's lifecycle stage where it shifts traffic; empty elsewhere"),
        production_traffic={"type": ["number", "null"], "description": "Its part of production traffic in per cent; null where ECS tells none"},
    )  # fmt: skip
    return {**or_null(whole), "description": "What is rolling out or going back; null where nothing is"}


# --- shapes ---


def shape(**properties: Any) -> dict[str, Any]:
    """An object all of whose members are always there."""
    return {"type": "object", "required": list(properties), "properties": properties}


def text(description: str) -> dict[str, Any]:
    """A string."""
    return {"type": "string", "description": description}


def number(description: str) -> dict[str, Any]:
    """How many."""
    return {"type": "integer", "minimum": 0, "description": description}


def moment(description: str) -> dict[str, Any]:
    """A time, UTC."""
    return {"type": "string", "format": "date-time", "description": f"{description} (UTC)"}


def or_null(shape: dict[str, Any]) -> dict[str, Any]:
    """That, or nothing."""
    return {**shape, "type": [shape["type"], "null"]}


def many(description: str, items: dict[str, Any]) -> dict[str, Any]:
    """A list."""
    return {"type": "array", "description": description, "items": items}


def enumeration(enum: type[Enum], description: str) -> dict[str, Any]:
    """One of an enum's values."""
    return {"enum": [member.value for member in enum], "description": description}
