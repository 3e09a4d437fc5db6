"""The settings' values, proven good → a `Request`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.settings import ci
from drone_deploy_ecs.settings.actions import ACTIONS, CONTINUE
from drone_deploy_ecs.settings.table import BY_NAME, SETTINGS
from drone_deploy_ecs.settings.values import BLUE_GREEN, COLOURS, duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from drone_deploy_ecs.core.masking import Secret
    from drone_deploy_ecs.core.request.approval import Approval
    from drone_deploy_ecs.core.request.edits.edit import Edit
    from drone_deploy_ecs.core.request.request import Access, BlueGreen, Colours, Request

SECONDS_A_CHECK = 10


def as_request(mode: str, values: Mapping[str, Any], secret: str, env: Mapping[str, str]) -> Request:
    """The request that these values make; `secret` names the secret that holds the live colour, "" for none."""
    from drone_deploy_ecs.core.masking import Secret, credentials
    from drone_deploy_ecs.core.request.request import Request

    notify = tuple(Secret("notify", address) for address in values["notify"] or ())
    approval = _approval(values) if values["action"] == CONTINUE else None
    edits, colours = () if approval else _edits(values), _colours(values, secret) if mode == COLOURS else None
    first, *further = _accesses(values, env)
    checks = values["max_deploy_checks"] or int(BY_NAME["max_deploy_checks"].default)
    return Request(
        action=values["action"],
        purpose=values["purpose"],
        access=first,
        further=tuple(further),
        cluster=values["cluster"],
        services=values["service"] or (values["blue_service"], values["green_service"]),
        containers=values["container"] or (),
        edits=colours.green_edits if colours else edits,
        revision="" if approval else values["revision"] or "",
        budget=values["timeout"] or float(checks * SECONDS_A_CHECK),
        max_parallel=values["max_parallel"],
        canaries=values["canary_services"] or 0,
        undo_waves=values["waves"] != "stop",
        undo_failed_only=values["on_failure"] == "failed",
        roll_back=not values["disable_rollbacks"] or mode == BLUE_GREEN,
        on_cancel=values["on_cancel"] or "",
        max_failed_tasks=values["max_failed_tasks"],
        stable_for=values["stable_for"] or 0.0,
        wait_for=values["wait_for"] or "completed",
        on_pause=values["on_pause"] or "wait",
        skip_unchanged=bool(values["skip_unchanged"]),
        on_conflict=values["on_conflict"] or "replace",
        build_number=None if approval else values["build_number"],
        keep_revisions=values["keep_revisions"] if ACTIONS[values["purpose"]].uses("keep_revisions") else None,
        dry_run=bool(values["dry_run"]),
        reports=values["report"] or (),
        notify=notify,
        log_lines=int(BY_NAME["log_lines"].default) if values["log_lines"] is None else values["log_lines"],
        preflight=values["preflight"] or BY_NAME["preflight"].default,
        attempt=ci.attempt(env),
        build=ci.build(env),
        **_beside(values),
        secrets=(*credentials(env), *notify, *_secrets(values, edits)),
        blue_green=_blue_green(values) if mode == BLUE_GREEN else None,
        colours=colours,
        approval=approval,
    )


def _beside(values: Mapping[str, Any]) -> dict[str, Any]:
    """The members for what is run, asked and moved beside the services."""
    return {
        "before": values["before"] or (),
        "after": values["after"] or (),
        "command": values["command"] or (),
        "task_timeout": values["task_timeout"] or duration(BY_NAME["task_timeout"].default),
        "task_container": values["task_container"] or "",
        "probes": values["probe"] or (),
        "probe_expect": values["probe_expect"] or "",
        "schedules": values["schedules"] or (),
    }


def _secrets(values: Mapping[str, Any], edits: Iterable[Edit]) -> Iterator[Secret]:
    """What the settings have that must not be printed."""
    from drone_deploy_ecs.core.masking import Secret

    texts = ((setting.name, values[setting.name]) for setting in SETTINGS if setting.secret)
    yield from (Secret(name, value) for name, value in texts if value and isinstance(value, str))
    yield from (secret for edit in edits for secret in edit.secrets)
    yield from (secret for url in values["probe"] or () for secret in url.secrets)


def _approval(values: Mapping[str, Any]) -> Approval:
    """What may be let go on: here an image and a revision are what must be there, not what is to come."""
    from drone_deploy_ecs.core.request.approval import Approval

    return Approval(
        image=values["image"].reference if values["image"] else "",
        containers=values["container"] or (),
        revision=values["revision"] or "",
        deployments=values["deployment"] or (),
        build=values["build_number"],
    )


def _accesses(values: Mapping[str, Any], env: Mapping[str, str]) -> list[Access]:
    """How to reach each Region, in order: with a role of its own, or the one for all."""
    from drone_deploy_ecs.core.request.request import Access

    regions, roles = values["aws_region"], values["aws_role_arn"] or ("",)
    return [
        Access(
            region=region,
            role_arn=role,
            role_external_id=values["aws_role_external_id"] or "",
            role_session_name=values["aws_role_session_name"] or ci.session_name(env),
        )
        for region, role in zip(regions, roles if len(roles) > 1 else roles * len(regions), strict=True)
    ]


def _blue_green(values: Mapping[str, Any]) -> BlueGreen:
    """How to switch; an action that switches nothing may leave out all but the services."""
    from drone_deploy_ecs.core.request.request import BlueGreen

    return BlueGreen(
        blue=values["blue_service"],
        green=values["green_service"],
        percent=values["scale_down_percent"] or 100,
        interval=values["scale_down_interval"] or 0.0,
        wait=values["scale_down_wait_period"] or 0.0,
        checks=values["checks_to_pass"] or 0,
        check_interval=values["check_interval"] or duration(BY_NAME["check_interval"].default),
    )


def _colours(values: Mapping[str, Any], secret: str) -> Colours:
    from drone_deploy_ecs.core.request.request import Colours

    return Colours(
        secret=secret,
        blue=values["blue_service"],
        green=values["green_service"],
        blue_edits=_edits({**values, "image": values["blue_image"]}),
        green_edits=_edits({**values, "image": values["green_image"]}),
    )


def _edits(values: Mapping[str, Any]) -> tuple[Edit, ...]:
    """What is to change, in the order in which it is applied: what comes later wins."""
    from drone_deploy_ecs.core.request.edits.file import FromFile
    from drone_deploy_ecs.core.request.edits.images import SetImages, SetTag
    from drone_deploy_ecs.core.request.edits.patch import Patch
    from drone_deploy_ecs.core.request.edits.variables import SetEnvironment, SetSecrets

    containers, image = values["container"] or (), values["image"]
    images = (*((name, image) for name in containers if image), *(values["images"] or ()))
    edits = (
        FromFile(*values["task_definition"]) if values["task_definition"] else None,
        SetImages(images) if images else None,
        SetTag(containers, values["tag"]) if values["tag"] else None,
        SetEnvironment(containers, values["environment"]) if values["environment"] else None,
        SetSecrets(containers, values["secrets"]) if values["secrets"] else None,
        Patch(values["patch"]) if values["patch"] else None,
    )
    return tuple(edit for edit in edits if edit)
