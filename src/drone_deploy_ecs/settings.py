"""Every setting, in ONE table: it makes the `PLUGIN_*` variables, the flags, `--help`, the docs, and the Request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from drone_deploy_ecs.core.names import read_arn, short
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from drone_deploy_ecs.core.request import Image, Request

PREFIX = "PLUGIN_"
SECONDS_A_CHECK = 10
MODES = ("rolling",)
LATER_MODES = ("blue-green", "blue-green-cluster")
YES = ("true", "1", "yes", "on", "y", "t")
NO = ("false", "0", "no", "off", "n", "f")

# Patterns are compiled when they are used: start-up is paid in every pipeline.
_NAME = r"[A-Za-z0-9_-]{1,255}"
_DURATION = r"(\d+)\s*([smh])"
_ROLE = r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+"
_SESSION = r"[\w+=,.@-]{2,64}"
_EXTERNAL_ID = r"[\w+=,.@:/-]{2,1224}"
_REGION = r"[a-z]{2,}(-[a-z]+)+-\d+"


class Unfit(ValueError):
    """A value that a setting can't take: what is wrong with it, and what would do."""

    def __init__(self, why: str, do: str) -> None:
        super().__init__(why)
        self.why = why
        self.do = do


# --- kinds of values: text → value, or Unfit ---


def text(value: str) -> str:
    """Any text."""
    return value


def yes_or_no(value: str) -> bool:
    """A true boolean."""
    if value.lower() in YES:
        return True
    if value.lower() in NO:
        return False
    raise Unfit("is neither yes nor no", "Say true or false")


def whole(value: str) -> int:
    """A positive whole number."""
    if not re.fullmatch(r"\+?\d{1,9}", value) or int(value) == 0:
        raise Unfit("isn't a positive whole number", "Give a number such as 60")
    return int(value)


def whole_or_none(value: str) -> int:
    """A whole number; 0 means none."""
    return 0 if re.fullmatch(r"\+?0+", value) else whole(value)


def duration(value: str) -> float:
    """Seconds, out of `90s`, `15m`, `1h` or `1h30m`."""
    parts = re.findall(_DURATION, value)
    seconds = sum(int(number) * {"s": 1, "m": 60, "h": 3600}[unit] for number, unit in parts)
    if not re.fullmatch(f"({_DURATION})+", value) or not 0 < seconds <= 24 * 3600:
        raise Unfit("isn't a length of time up to 24h", "Give it as 90s, 15m or 1h")
    return float(seconds)


def duration_or_none(value: str) -> float:
    """Seconds, as `duration`; `0` and `0s` mean not at all."""
    return 0.0 if re.fullmatch("0+[smh]?", value) else duration(value)


def choice(*known: str) -> Callable[[str], str]:
    """One of these words."""

    def read(value: str) -> str:
        if value not in known:
            raise Unfit("isn't a choice", _did_you_mean(value, known) or f"Known: {', '.join(known)}")
        return value

    return read


def words(value: str) -> tuple[str, ...]:
    """A comma list: trimmed, empties and repetitions dropped."""
    return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))


def services(value: str) -> tuple[str, ...]:
    """A comma list of service names or ARNs."""
    found = words(value)
    for one in found:
        if not re.fullmatch(_NAME, one) and not _is_arn(one, "service"):
            raise Unfit(
                f"has {one!r}, which is neither a service's name nor its ARN", "Give names or ARNs, separated by commas"
            )
    names = [short(one) for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Unfit(f"names {', '.join(twice)} twice", "Give each service once")
    return found


def cluster(value: str) -> str:
    """A cluster's name or ARN."""
    if not re.fullmatch(_NAME, value) and not _is_arn(value, "cluster"):
        raise Unfit("is neither a cluster's name nor its ARN", "Give one of them")
    return value


def _is_arn(value: str, kind: str) -> bool:
    found = read_arn(value)
    return bool(found and found.kind == kind and re.fullmatch(f"{_NAME}(/{_NAME})*", found.rest))


def image(value: str) -> Image:
    """A whole image reference."""
    from drone_deploy_ecs.core.request import Image

    found = Image.parse(value)
    if found is None:
        raise Unfit("isn't an image reference", "Give [registry/]repository:tag or …@sha256:digest, in lower case")
    return found


def mode(value: str) -> str:
    """How to deploy."""
    if value in LATER_MODES:
        raise Unfit("isn't served by this version", "Use mode rolling, or stay with the Go plugin for these services")
    if value not in MODES:
        raise Unfit("isn't a mode", _did_you_mean(value, (*MODES, *LATER_MODES)) or f"Known: {', '.join(MODES)}")
    return value


def matching(pattern: str, what: str) -> Callable[[str], str]:
    """Text of that pattern; `what` says what it isn't otherwise."""

    def read(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise Unfit(f"isn't {what}", "Check it")
        return value

    return read


# --- the table ---


class Setting(NamedTuple):
    """One row. `type` is for people, `read` turns text into the value, `fallbacks` are other variables to look at."""

    name: str
    type: str
    read: Callable[[str], Any]
    help: str
    default: str = ""
    required: bool = False
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


SETTINGS: tuple[Setting, ...] = (
    Setting(name="aws_region", type="text", read=matching(_REGION, "an AWS region"), required=True,
            fallbacks=("AWS_REGION", "AWS_DEFAULT_REGION"),
            help="the region of the cluster; falls back to AWS_REGION, then AWS_DEFAULT_REGION"),
    Setting(name="cluster", type="text", read=cluster, required=True,
            help="the ECS cluster, by name or ARN"),
    Setting(name="service", type="list", read=services, required=True,
            help="the services, by name or ARN, separated by commas; they land or return together"),
    Setting(name="container", type="text", read=text, required=True,
            help="the container, in the services' task definitions, whose image changes"),
    Setting(name="image", type="text", read=image, required=True,
            help="the new image, as a whole reference; a digest (…@sha256:…) is the surest"),
    Setting(name="mode", type="text", read=mode, default="rolling",
            help="how to deploy: rolling (blue-green and blue-green-cluster aren't served by this version)"),
    Setting(name="max_deploy_checks", type="number", read=whole, default="60",
            help="the budget of a deployment, in units of 10 seconds; its rollback gets the same again"),
    Setting(name="timeout", type="duration", read=duration,
            help="the same budget in plain units (90s, 15m); instead of max_deploy_checks"),
    Setting(name="disable_rollbacks", type="yes/no", read=yes_or_no, default="false",
            help="leave a failed deployment as it is, and exit 4"),
    Setting(name="on_cancel", type="text", read=choice("rollback", "leave"), default="rollback",
            help="what becomes of a deployment under way when the CI system cancels the step: rollback or leave"),
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
    Setting(name="report", type="path", read=text,
            help="write the run as JSON to this file; - is standard output"),
    Setting(name="aws_role_arn", type="text", read=matching(_ROLE, "a role's ARN"),
            help="a role to assume for everything"),
    Setting(name="aws_role_external_id", type="text", read=matching(_EXTERNAL_ID, "an external id"), secret=True,
            help="the external id that the role's trust policy asks for"),
    Setting(name="aws_role_session_name", type="text", read=matching(_SESSION, "a session name of 2 to 64 characters"),
            default="drone-deploy-ecs-<build>",
            help="the session's name in CloudTrail"),
)  # fmt: skip

BY_NAME = {setting.name: setting for setting in SETTINGS}
_BUILD_VARIABLES = (
    "DRONE_BUILD_NUMBER",
    "CI_PIPELINE_NUMBER",
    "CI_PIPELINE_ID",
    "GITHUB_RUN_ID",
    "BUILDKITE_BUILD_NUMBER",
)


def resolve(flags: Mapping[str, str], env: Mapping[str, str]) -> tuple[Request, tuple[Problem, ...]]:
    """The request that flags (by setting name) and environment make, and what to warn about. Flags win.

    Raises `Refused` with all problems at once.
    """
    problems: list[Problem] = []
    values = {setting.name: _value(setting, flags, env, problems) for setting in SETTINGS}
    _check_together(values, flags, env, problems)
    if problems:
        raise Refused((*problems, *_near_misses(env)))
    return _request(values, env), (*_near_misses(env), *_notes(flags, env))


def _value(setting: Setting, flags: Mapping[str, str], env: Mapping[str, str], problems: list[Problem]) -> Any:
    given = _given(setting, flags, env)
    if not given or (setting.read is services and not words(given)):
        if setting.required:
            others = f" (or {setting.fallbacks[0]})" if setting.fallbacks else ""
            problems.append(
                Problem(
                    f"{setting.name} isn't set",
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


def _check_together(
    values: Mapping[str, Any], flags: Mapping[str, str], env: Mapping[str, str], problems: list[Problem]
) -> None:
    if _given(BY_NAME["timeout"], flags, env) and _given(BY_NAME["max_deploy_checks"], flags, env):
        problems.append(Problem("timeout and max_deploy_checks are both set, and say the same thing", "Keep one"))
    if values["aws_role_external_id"] and not values["aws_role_arn"]:
        problems.append(Problem("aws_role_external_id is set without aws_role_arn", "Set aws_role_arn too"))
    region, in_cluster = values["aws_region"], values["cluster"]
    for name in ("cluster", *(values["service"] or ())):
        arn = read_arn(in_cluster or "" if name == "cluster" else name)
        if arn and region and arn.region != region:
            problems.append(Problem(f"{arn.text} is in {arn.region}, but aws_region is {region}", "Make them agree"))
        theirs, _, service = arn.rest.rpartition("/") if arn and arn.kind == "service" else ("", "", "")
        if theirs and in_cluster and theirs != short(in_cluster):
            problems.append(
                Problem(
                    f"service {service} is in cluster {theirs}, but cluster is {short(in_cluster)}", "Make them agree"
                )
            )


def _request(values: Mapping[str, Any], env: Mapping[str, str]) -> Request:
    from drone_deploy_ecs.core.masking import Secret, credentials
    from drone_deploy_ecs.core.request import Access, Request

    secret_settings = (Secret(one.name, values[one.name]) for one in SETTINGS if one.secret and values[one.name])
    checks = values["max_deploy_checks"] or int(BY_NAME["max_deploy_checks"].default)
    access = Access(
        region=values["aws_region"],
        role_arn=values["aws_role_arn"] or "",
        role_external_id=values["aws_role_external_id"] or "",
        role_session_name=values["aws_role_session_name"] or _session_name(env),
    )
    return Request(
        access=access,
        cluster=values["cluster"],
        services=values["service"],
        container=values["container"],
        image=values["image"],
        budget=values["timeout"] or float(checks * SECONDS_A_CHECK),
        roll_back=not values["disable_rollbacks"],
        leave_on_cancel=values["on_cancel"] == "leave",
        max_failed_tasks=values["max_failed_tasks"],
        stable_for=values["stable_for"] or 0.0,
        wait_for_drained=values["wait_for"] != "healthy",
        skip_unchanged=bool(values["skip_unchanged"]),
        dry_run=bool(values["dry_run"]),
        report=values["report"] or "",
        log_lines=int(BY_NAME["log_lines"].default) if values["log_lines"] is None else values["log_lines"],
        secrets=(*credentials(env), *secret_settings),
    )


def _session_name(env: Mapping[str, str]) -> str:
    """Names the tool and the build, so that CloudTrail tells which pipeline it was."""
    build = next((env[name] for name in _BUILD_VARIABLES if env.get(name)), "")
    return re.sub(r"[^\w+=,.@-]", "-", f"drone-deploy-ecs-{build}" if build else "drone-deploy-ecs", flags=re.ASCII)[
        :64
    ]


# --- hints ---


def _did_you_mean(given: str, known: Iterable[str]) -> str:
    # Imported here because only a mistake needs it, and every start pays for imports.
    from difflib import get_close_matches

    close = get_close_matches(given.lower().replace("_", "-"), [one.replace("_", "-") for one in known], 1, 0.7)
    return next((f"Did you mean {one}" for one in known if close and one.replace("_", "-") == close[0]), "")


def did_you_mean_flag(given: str) -> str:
    """A hint for an unknown flag, or ""."""
    return _did_you_mean(given.lstrip("-"), [setting.flag.lstrip("-") for setting in SETTINGS])


def _near_misses(env: Mapping[str, str]) -> tuple[Problem, ...]:
    """PLUGIN_ variables that are no setting but nearly one. Others are none of our business: CI systems set some."""
    known = [setting.variable for setting in SETTINGS]
    strange = (name.removeprefix(PREFIX) for name in sorted(env) if name.startswith(PREFIX) and name not in known)
    hints = ((name, _did_you_mean(name, BY_NAME)) for name in strange)
    return tuple(Problem(f"{name.lower()} isn't a setting", hint) for name, hint in hints if hint)


def _notes(flags: Mapping[str, str], env: Mapping[str, str]) -> tuple[Problem, ...]:
    given = _given(BY_NAME["disable_rollbacks"], flags, env)
    if given.lower() in NO:
        return (Problem(f"disable_rollbacks is {given}, so rollbacks are on", "The Go plugin took any text for yes"),)
    return ()
