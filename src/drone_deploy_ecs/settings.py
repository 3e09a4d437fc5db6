"""Every setting, in ONE table: it makes the `PLUGIN_*` variables, the flags, `--help`, the docs, and the Request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from drone_deploy_ecs import ci
from drone_deploy_ecs.agreement import disagreements
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.errors import Refused
from drone_deploy_ecs.values import (
    BLUE_GREEN,
    COLOURS,
    EXTERNAL_ID,
    NO,
    PART,
    REGION,
    ROLE,
    ROLLING,
    SESSION,
    Unfit,
    choice,
    cluster,
    did_you_mean,
    duration,
    duration_or_none,
    image,
    interval,
    matching,
    mode,
    percent,
    seconds_or_duration,
    service,
    services,
    several,
    text,
    whole,
    whole_or_none,
    words,
    yes_or_no,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.core.request import BlueGreen, Colours, Request

PREFIX = "PLUGIN_"
SECONDS_A_CHECK = 10

# --- the table ---


class Setting(NamedTuple):
    """One row. `type` is for people, `read` turns text into the value, `fallbacks` are other variables to look at.

    `modes` are those that use it, () all of them; where it is `required`, it is so in these.
    """

    name: str
    type: str
    read: Callable[[str], Any]
    help: str
    default: str = ""
    required: bool = False
    modes: tuple[str, ...] = ()
    secret: bool = False
    fallbacks: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable: Drone makes `cluster` into `PLUGIN_CLUSTER`."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The command-line flag."""
        return "--" + self.name.replace("_", "-")

    def is_used_in(self, mode: str) -> bool:
        """Whether it means anything there."""
        return not self.modes or mode in self.modes


SETTINGS: tuple[Setting, ...] = (
    Setting(name="aws_region", type="list", read=several(REGION, "an AWS region"), required=True,
            fallbacks=("AWS_REGION", "AWS_DEFAULT_REGION"),
            help="the region of the cluster; several, separated by commas, are waves: each must be completed before the next begins; falls back to AWS_REGION, then AWS_DEFAULT_REGION"),
    Setting(name="cluster", type="text", read=cluster, required=True,
            help="the ECS cluster, by name or ARN; of services that don't name their own"),
    Setting(name="service", type="list", read=services, required=True, modes=(ROLLING,),
            help="the services, by name, ARN, cluster/name or pattern (tenant-*), separated by commas; they land or return together"),
    Setting(name="container", type="text", read=text, required=True,
            help="the container, in the services' task definitions, whose image changes"),
    Setting(name="image", type="text", read=image, required=True, modes=(ROLLING, BLUE_GREEN),
            help="the new image, as a whole reference; a digest (…@sha256:…) is the surest"),
    Setting(name="mode", type="text", read=mode, default=ROLLING,
            help="how to deploy: rolling; blue-green: of two services the idle one takes over; blue-green-cluster: the one that a secret doesn't name as live is updated"),
    Setting(name="blue_service", type="text", read=service, required=True, modes=(BLUE_GREEN, COLOURS),
            help="one of the two services, by name or ARN"),
    Setting(name="green_service", type="text", read=service, required=True, modes=(BLUE_GREEN, COLOURS),
            help="the other one"),
    Setting(name="scale_down_percent", type="number", read=percent, required=True, modes=(BLUE_GREEN,),
            help="the share of the live count that each step takes away, 1 to 100; at least one task"),
    Setting(name="scale_down_interval", type="seconds", read=seconds_or_duration, required=True, modes=(BLUE_GREEN,),
            help="how long to wait between two steps, 0 for not at all; the new side is watched meanwhile"),
    Setting(name="scale_down_wait_period", type="seconds", read=seconds_or_duration, required=True, modes=(BLUE_GREEN,),
            help="how long to wait before the first step, 0 for not at all; the new side is watched meanwhile"),
    Setting(name="checks_to_pass", type="number", read=whole_or_none, required=True, modes=(BLUE_GREEN,),
            help="how many looks in a row must find the new side up before anything is taken away; 0 for none"),
    Setting(name="check_interval", type="seconds", read=interval, default="10s", modes=(BLUE_GREEN,),
            help="how long to wait between two of these looks; at least 1s"),
    Setting(name="blue_image", type="text", read=image, required=True, modes=(COLOURS,),
            help="the new image of blue_service, for when it is the idle one"),
    Setting(name="green_image", type="text", read=image, required=True, modes=(COLOURS,),
            help="the new image of green_service, for when it is the idle one"),
    Setting(name="secret_service", type="text", read=matching(PART, "part of a secret's name"), required=True, modes=(COLOURS,),
            help="the end of the secret's name, after the branch and a dash (branch main is called production); the branch is in DRONE_COMMIT_BRANCH, CI_COMMIT_BRANCH or GITHUB_REF_NAME"),
    Setting(name="allow_pull_request", type="yes/no", read=yes_or_no, default="false", modes=(COLOURS,),
            help="deploy for pull requests, too, by the secret of the branch that they are to be merged into"),
    Setting(name="max_deploy_checks", type="number", read=whole, default="60",
            help="the budget of a deployment, in units of 10 seconds; its rollback gets the same again"),
    Setting(name="timeout", type="duration", read=duration,
            help="the same budget in plain units (90s, 15m); instead of max_deploy_checks"),
    Setting(name="disable_rollbacks", type="yes/no", read=yes_or_no, default="false",
            help="leave a failed deployment as it is, and exit 4; no effect in blue-green"),
    Setting(name="on_cancel", type="text", read=choice("rollback", "leave"), default="rollback",
            help="what becomes of a deployment under way when the CI system cancels the step: rollback or leave"),
    Setting(name="canary_services", type="number", read=whole_or_none, default="0", modes=(ROLLING,),
            help="the first so many services go alone, and must be completed before the others begin"),
    Setting(name="max_parallel", type="number", read=whole, modes=(ROLLING,),
            help="how many services may be rolling out at the same time; all, if not set"),
    Setting(name="on_failure", type="text", read=choice("all", "failed"), default="all", modes=(ROLLING,),
            help="what a failure takes back: all services of the run, or only those that failed; the others go on"),
    Setting(name="waves", type="text", read=choice("undo", "stop"), default="undo", modes=(ROLLING,),
            help="what a failure in one region means for those before it: undo takes them back too, stop leaves them"),
    Setting(name="max_failed_tasks", type="number", read=whole,
            help="fail when this many of the new tasks have failed, instead of judging by the evidence; 1 is what the Go plugin did"),
    Setting(name="stable_for", type="duration", read=duration_or_none, default="0s",
            help="keep watching for this long after it is complete; a container that dies in that time fails it"),
    Setting(name="wait_for", type="text", read=choice("completed", "healthy"), default="completed",
            help="when it is done: completed (old tasks drained too) or healthy (all new tasks up, old ones may drain)"),
    Setting(name="skip_unchanged", type="yes/no", read=yes_or_no, default="false",
            help="do nothing where the service runs this very image reference; without it, a tag is deployed again (it may have been re-pushed)"),
    Setting(name="dry_run", type="yes/no", read=yes_or_no, default="false",
            help="print the plan and write nothing"),
    Setting(name="log_lines", type="number", read=whole_or_none, default="20",
            help="how many of the last lines of a failed container's log to show; 0 for none"),
    Setting(name="report", type="list", read=words,
            help="write the run to this file: as a page to look at where its name ends in .html, else as JSON; - is JSON on standard output; several, separated by commas"),
    Setting(name="aws_role_arn", type="list", read=several(ROLE, "a role's ARN"),
            help="a role to assume for everything; or one for each region, in the same order"),
    Setting(name="aws_role_external_id", type="text", read=matching(EXTERNAL_ID, "an external id"), secret=True,
            help="the external id that the role's trust policy asks for"),
    Setting(name="aws_role_session_name", type="text", read=matching(SESSION, "a session name of 2 to 64 characters"),
            default="drone-deploy-ecs-<build>",
            help="the session's name in CloudTrail"),
)  # fmt: skip

BY_NAME = {setting.name: setting for setting in SETTINGS}


def resolve(flags: Mapping[str, str], env: Mapping[str, str]) -> tuple[Request, tuple[Problem, ...]]:
    """The request that flags (by setting name) and environment make, and what to warn about. Flags win.

    Raises `Refused` with all problems at once.
    """
    problems: list[Problem] = []
    asked = _value(BY_NAME["mode"], "", flags, env, problems) or ("" if problems else ROLLING)
    values = {one.name: _read(one, asked, flags, env, problems) for one in SETTINGS if one.name != "mode"}
    both = ("timeout", "max_deploy_checks")
    if all(_given(BY_NAME[name], flags, env) for name in both):
        problems.append(Problem(f"{both[0]} and {both[1]} are both set, and say the same thing", "Keep one"))
    problems += disagreements(values, asked)
    secret = _secret_name(values, env, problems) if asked == COLOURS else ""
    hints = (*_near_misses(env), *_unused(asked, flags, env))
    if problems:
        raise Refused((*problems, *hints))
    return _request(asked, values, secret, env), (*hints, *_notes(asked, flags, env))


def _read(
    setting: Setting, mode: str, flags: Mapping[str, str], env: Mapping[str, str], problems: list[Problem]
) -> Any:
    """Its value where the mode uses it. Where the mode isn't known, whatever is given is looked at."""
    return _value(setting, mode, flags, env, problems) if not mode or setting.is_used_in(mode) else None


def _value(
    setting: Setting, mode: str, flags: Mapping[str, str], env: Mapping[str, str], problems: list[Problem]
) -> Any:
    given = _given(setting, flags, env)
    if not given or (setting.read is services and not words(given)):
        if setting.required and setting.is_used_in(mode):
            others = f" (or {setting.fallbacks[0]})" if setting.fallbacks else ""
            why = f", and mode {mode} needs it" if setting.modes and mode != ROLLING else ""
            problems.append(
                Problem(
                    f"{setting.name} isn't set{why}",
                    f"Set {setting.name} in the step, {setting.flag}, or {setting.variable}{others}",
                )
            )
        return None
    try:
        return setting.read(given)
    except Unfit as unfit:
        shown = "(value not shown)" if setting.secret else repr(safe(given))
        problems.append(Problem(f"{setting.name} {shown} {unfit.why}", unfit.do))
        return None


def _given(setting: Setting, flags: Mapping[str, str], env: Mapping[str, str]) -> str:
    """The text as given; empty means unset, as Drone makes an empty variable of an unset secret."""
    candidates = (flags.get(setting.name, ""), *(env.get(name, "") for name in (setting.variable, *setting.fallbacks)))
    return next((stripped for one in candidates if (stripped := one.strip())), "")


def _secret_name(values: Mapping[str, Any], env: Mapping[str, str], problems: list[Problem]) -> str:
    """Of the secret that names the live colour: by the branch, as the Go plugin had it."""
    event, branch = ci.pull_request(env), ci.branch(env)
    if event and not values["allow_pull_request"]:
        problems.append(
            Problem(
                f"{event}, and mode {COLOURS} would act on the secret of the pull request's target branch",
                "Run the step for pushes only, or set allow_pull_request",
            )
        )
    if not branch:
        problems.append(
            Problem(
                f"the branch isn't known, and mode {COLOURS} makes the secret's name of it",
                "Run the step for branches (a tag has none), or set DRONE_COMMIT_BRANCH in its environment",
            )
        )
    return f"{'production' if branch == 'main' else branch}-{values['secret_service']}"


def _request(mode: str, values: Mapping[str, Any], secret: str, env: Mapping[str, str]) -> Request:
    from drone_deploy_ecs.core.masking import Secret, credentials
    from drone_deploy_ecs.core.request import Access, Request

    secret_settings = (Secret(one.name, values[one.name]) for one in SETTINGS if one.secret and values[one.name])
    checks = values["max_deploy_checks"] or int(BY_NAME["max_deploy_checks"].default)
    regions, roles = values["aws_region"], values["aws_role_arn"] or ("",)
    accesses = [
        Access(
            region=region,
            role_arn=role,
            role_external_id=values["aws_role_external_id"] or "",
            role_session_name=values["aws_role_session_name"] or ci.session_name(env),
        )
        for region, role in zip(regions, roles if len(roles) > 1 else roles * len(regions), strict=True)
    ]
    return Request(
        access=accesses[0],
        further=tuple(accesses[1:]),
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
        wait_for_drained=values["wait_for"] != "healthy",
        skip_unchanged=bool(values["skip_unchanged"]),
        dry_run=bool(values["dry_run"]),
        reports=values["report"] or (),
        log_lines=int(BY_NAME["log_lines"].default) if values["log_lines"] is None else values["log_lines"],
        secrets=(*credentials(env), *secret_settings),
        blue_green=_blue_green(values) if mode == BLUE_GREEN else None,
        colours=_colours(values, secret) if mode == COLOURS else None,
    )


def _blue_green(values: Mapping[str, Any]) -> BlueGreen:
    from drone_deploy_ecs.core.request import BlueGreen

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
    from drone_deploy_ecs.core.request import Colours

    return Colours(
        secret=secret,
        blue=values["blue_service"],
        green=values["green_service"],
        blue_image=values["blue_image"],
        green_image=values["green_image"],
    )


# --- hints ---


def did_you_mean_flag(given: str) -> str:
    """A hint for an unknown flag, or ""."""
    return did_you_mean(given.lstrip("-"), [setting.flag.lstrip("-") for setting in SETTINGS])


def _near_misses(env: Mapping[str, str]) -> tuple[Problem, ...]:
    """PLUGIN_ variables that are no setting but nearly one. Others are none of our business: CI systems set some."""
    known = [setting.variable for setting in SETTINGS]
    strange = (name.removeprefix(PREFIX) for name in sorted(env) if name.startswith(PREFIX) and name not in known)
    hints = ((name, did_you_mean(name, BY_NAME)) for name in strange)
    return tuple(Problem(f"{name.lower()} isn't a setting", hint) for name, hint in hints if hint)


def _notes(mode: str, flags: Mapping[str, str], env: Mapping[str, str]) -> tuple[Problem, ...]:
    given = _given(BY_NAME["disable_rollbacks"], flags, env)
    if given.lower() in NO:
        return (Problem(f"disable_rollbacks is {given}, so rollbacks are on", "The Go plugin took any text for yes"),)
    if given and mode == BLUE_GREEN:
        why = "Two sides left running would block the next deployment"
        return (Problem(f"disable_rollbacks has no effect in mode {mode}", why),)
    return ()


def _unused(mode: str, flags: Mapping[str, str], env: Mapping[str, str]) -> tuple[Problem, ...]:
    names = [one.name for one in SETTINGS if mode and not one.is_used_in(mode) and _given(one, flags, env)]
    if not names:
        return ()
    have = "have" if len(names) > 1 else "has"
    return (Problem(f"{', '.join(names)} {have} no effect in mode {mode}", "Leave out what isn't meant"),)
