"""The settings' values, proven good → a `Request`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.settings import ci
from drone_deploy_ecs.settings.table import BY_NAME, SETTINGS
from drone_deploy_ecs.settings.values import BLUE_GREEN, COLOURS, duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.request.request import Access, BlueGreen, Colours, Request

SECONDS_A_CHECK = 10


def as_request(mode: str, values: Mapping[str, Any], secret: str, env: Mapping[str, str]) -> Request:
    """The request that these values make; `secret` names the secret that holds the live colour, "" for none."""
    from drone_deploy_ecs.core.masking import Secret, credentials
    from drone_deploy_ecs.core.request.request import Request

    secrets = {setting.name: values[setting.name] for setting in SETTINGS if setting.secret}
    first, *further = _accesses(values, env)
    checks = values["max_deploy_checks"] or int(BY_NAME["max_deploy_checks"].default)
    return Request(
        access=first,
        further=tuple(further),
        cluster=values["cluster"],
        services=values["service"] or (values["blue_service"], values["green_service"]),
        container=values["container"],
        image=values["image"] or values["green_image"],
        budget=values["timeout"] or float(checks * SECONDS_A_CHECK),
        max_parallel=values["max_parallel"],
        canaries=values["canary_services"] or 0,
        undo_waves=values["waves"] != "stop",
        undo_failed_only=values["on_failure"] == "failed",
        roll_back=not values["disable_rollbacks"] or mode == BLUE_GREEN,
        leave_on_cancel=values["on_cancel"] == "leave",
        max_failed_tasks=values["max_failed_tasks"],
        stable_for=values["stable_for"] or 0.0,
        wait_for=values["wait_for"] or "completed",
        skip_unchanged=bool(values["skip_unchanged"]),
        dry_run=bool(values["dry_run"]),
        reports=values["report"] or (),
        log_lines=int(BY_NAME["log_lines"].default) if values["log_lines"] is None else values["log_lines"],
        secrets=(*credentials(env), *(Secret(name, value) for name, value in secrets.items() if value)),
        blue_green=_blue_green(values) if mode == BLUE_GREEN else None,
        colours=_colours(values, secret) if mode == COLOURS else None,
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
    from drone_deploy_ecs.core.request.request import BlueGreen

    return BlueGreen(
        blue=values["blue_service"],
        green=values["green_service"],
        percent=values["scale_down_percent"],
        interval=values["scale_down_interval"],
        wait=values["scale_down_wait_period"],
        checks=values["checks_to_pass"],
        check_interval=values["check_interval"] or duration(BY_NAME["check_interval"].default),
    )


def _colours(values: Mapping[str, Any], secret: str) -> Colours:
    from drone_deploy_ecs.core.request.request import Colours

    return Colours(
        secret=secret,
        blue=values["blue_service"],
        green=values["green_service"],
        blue_image=values["blue_image"],
        green_image=values["green_image"],
    )
