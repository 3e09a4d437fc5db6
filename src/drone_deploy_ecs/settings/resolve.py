"""Flags and environment → a request, or every problem at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.settings import ci
from drone_deploy_ecs.settings.actions import ACTIONS, BRANCH, DEPLOY, UNKNOWN
from drone_deploy_ecs.settings.agreement import disagreements
from drone_deploy_ecs.settings.request import as_request
from drone_deploy_ecs.settings.table import BY_NAME, PREFIX, SETTINGS
from drone_deploy_ecs.settings.values import (
    BLUE_GREEN,
    COLOURS,
    NO,
    ROLLING,
    InvalidValue,
    did_you_mean,
    services,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.settings.actions import Action
    from drone_deploy_ecs.settings.table import Setting

_OWN_IMAGE = (
    "each colour has its own image, blue_image and green_image",
    "; environment, secrets and patch go to either colour",
)
_NOTHING_ASKED = ("nothing is started there that could be asked", "; ask it in the step that starts the colour")
_STAYS = ("nothing is started, so what starts by itself stays on what serves", "; move it when you switch")
REFUSED = {
    **dict.fromkeys(("tag", "images", "task_definition", "revision"), _OWN_IMAGE),
    **dict.fromkeys(("probe", "probe_expect"), _NOTHING_ASKED),
    "after": ("it starts nothing that could be tried", ""),
    "schedules": _STAYS,
}
"""Settings that aren't ignored in a mode that doesn't take them: why it doesn't, and what to do instead."""


def resolve(flags: Mapping[str, str], env: Mapping[str, str]) -> tuple[Request, tuple[Problem, ...]]:
    """The request that flags (by setting name) and environment make, and what to warn about. Flags win.

    Raises `Refused` with all problems at once.
    """
    problems: list[Problem] = []
    action = _action(flags, env, problems)
    # A mode that can't be read stays "": what only some modes need isn't missed then, and nothing is superfluous.
    before = len(problems)
    mode = _value(BY_NAME["mode"], "", flags, env, problems) or ("" if len(problems) > before else ROLLING)
    values = {"action": action.name, "purpose": _purpose(action, env)} | {
        setting.name: _read(_asked(action, setting), mode, flags, env, problems) if action.uses(setting.name) else None
        for setting in SETTINGS
        if setting.name not in ("action", "mode")
    }
    both = ("timeout", "max_deploy_checks")
    # Where neither can be read, that is said of each.
    if all(_given(BY_NAME[name], flags, env) for name in both) and any(values[name] for name in both):
        problems.append(Problem(f"{both[0]} and {both[1]} are both set, and say the same thing", "Keep one"))
    problems += disagreements(values, mode)
    # An action that doesn't read the secret is told its name as far as it is known.
    secret = _secret_name(values, env, problems if action.requires(BRANCH) else []) if mode == COLOURS else ""
    problems += _refused(action, flags, env)
    problems += _not_taken(action, mode, flags, env)
    hints = (*_near_misses(env), *_unused(action, mode, flags, env))
    if problems:
        raise Refused((*problems, *hints))
    return as_request(mode, values, secret, env), (*hints, *_notes(action, mode, flags, env))


def _action(flags: Mapping[str, str], env: Mapping[str, str], problems: list[Problem]) -> Action:
    name = _value(BY_NAME["action"], "", flags, env, problems)
    return ACTIONS[name] if name else UNKNOWN if problems else DEPLOY


def _purpose(action: Action, env: Mapping[str, str]) -> str:
    """The action that permissions are asked for: of a policy, the one that the environment names beside the command."""
    named = env.get(BY_NAME["action"].variable, "").strip() if action.name == "policy" else action.name
    return named if named in ACTIONS and named != "policy" else DEPLOY.name


def _asked(action: Action, setting: Setting) -> Setting:
    """The setting as this action asks for it."""
    return setting._replace(
        required=(setting.required or setting.name in action.needs) and action.requires(setting.name)
    )


def _read(
    setting: Setting, mode: str, flags: Mapping[str, str], env: Mapping[str, str], problems: list[Problem]
) -> Any:
    """The setting's value, None in a mode that doesn't use it. An unknown mode, "", has every given text checked."""
    return _value(setting, mode, flags, env, problems) if not mode or setting.is_used_in(mode) else None


def _value(
    setting: Setting, mode: str, flags: Mapping[str, str], env: Mapping[str, str], problems: list[Problem]
) -> Any:
    text = _given(setting, flags, env)
    # A list of nothing but commas names nothing: as good as unset.
    if not text or (setting.read in (services, words) and not words(text)):
        is_needed = not any(_given(BY_NAME[name], flags, env) for name in setting.unless)
        if setting.required and setting.is_used_in(mode) and is_needed:
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
        return setting.read(text)
    except InvalidValue as invalid:
        shown = " (value not shown)" if setting.secret else "" if "map" in setting.type else f" {safe(text)!r}"
        problems.append(Problem(f"{setting.name}{shown} {invalid.why}", invalid.do))
        return None


def _given(setting: Setting, flags: Mapping[str, str], env: Mapping[str, str]) -> str:
    """The text as given; empty means unset, as Drone makes an empty variable of an unset secret."""
    candidates = (flags.get(setting.name, ""), *(env.get(name, "") for name in (setting.variable, *setting.fallbacks)))
    return next((stripped for text in candidates if (stripped := text.strip())), "")


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
    return f"{'production' if branch == 'main' else branch or 'BRANCH'}-{values['secret_service']}"


# --- hints ---


def _near_misses(env: Mapping[str, str]) -> tuple[Problem, ...]:
    """PLUGIN_ variables that are no setting but nearly one. Others are none of our business: CI systems set some."""
    known = [setting.variable for setting in SETTINGS]
    strange = (name.removeprefix(PREFIX) for name in sorted(env) if name.startswith(PREFIX) and name not in known)
    hints = ((name, did_you_mean(name, BY_NAME)) for name in strange)
    return tuple(Problem(f"{name.lower()} isn't a setting", hint) for name, hint in hints if hint)


def _notes(action: Action, mode: str, flags: Mapping[str, str], env: Mapping[str, str]) -> tuple[Problem, ...]:
    if not action.uses("disable_rollbacks"):
        return ()
    text = _given(BY_NAME["disable_rollbacks"], flags, env)
    if text.lower() in NO:
        return (Problem(f"disable_rollbacks is {text}, so rollbacks are on", "The Go plugin took any text for yes"),)
    if text and mode == BLUE_GREEN:
        why = "Two sides left running would block the next deployment"
        return (Problem(f"disable_rollbacks has no effect in mode {mode}", why),)
    return ()


def _refused(action: Action, flags: Mapping[str, str], env: Mapping[str, str]) -> list[Problem]:
    """What asks for something else than this action does."""
    return [
        Problem(f"action {action.name} takes no {name}: {action.instead}", f"Leave out {name}")
        for name in action.refuses
        if _given(BY_NAME[name], flags, env)
    ]


def _not_taken(action: Action, mode: str, flags: Mapping[str, str], env: Mapping[str, str]) -> list[Problem]:
    """What would deploy something else than this mode deploys: too much to be ignored."""
    return [
        Problem(
            f"mode {mode} takes no {name}: {REFUSED[name][0]}",
            f"Leave out {name}{REFUSED[name][1]}",
        )
        for name in _names_unused(mode, flags, env)
        if name in REFUSED and action.uses(name)
    ]


def _names_unused(mode: str, flags: Mapping[str, str], env: Mapping[str, str]) -> list[str]:
    return [
        setting.name for setting in SETTINGS if mode and not setting.is_used_in(mode) and _given(setting, flags, env)
    ]


def _unused(action: Action, mode: str, flags: Mapping[str, str], env: Mapping[str, str]) -> tuple[Problem, ...]:
    by_action = [setting.name for setting in SETTINGS if setting.name in action.unused and _given(setting, flags, env)]
    by_mode = [name for name in _names_unused(mode, flags, env) if name not in REFUSED and action.uses(name)]
    return tuple(
        Problem(
            f"{', '.join(names)} {'have' if len(names) > 1 else 'has'} no effect {where}", "Leave out what isn't meant"
        )
        for names, where in ((by_action, f"with action {action.name}"), (by_mode, f"in mode {mode}"))
        if names
    )
