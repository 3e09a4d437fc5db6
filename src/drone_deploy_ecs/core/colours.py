"""Two colours of which a secret names the live one: what the secret says, and what follows for the idle one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.ecs import Service
    from drone_deploy_ecs.core.request import Colours

KEY = "CURRENT_LIVE_ENVIRONMENT"
OTHER = {"blue": "green", "green": "blue"}


def live_colour(asked: Colours, text: str) -> str | Problem:
    """`blue` or `green`, by the text of the secret. Nothing is guessed: a wrong guess would deploy to what serves."""
    members = _members(text)
    if members is None:
        return Problem(f"secret {asked.secret} isn't a JSON object", f'It should be like {{"{KEY}": "blue"}}')
    colour = members.get(KEY)
    if colour is None:
        return Problem(f"secret {asked.secret} has no {KEY}", "Set it to the live colour, blue or green")
    if not isinstance(colour, str) or colour not in OTHER:
        return Problem(f"{KEY} in secret {asked.secret} is neither blue nor green", "Set it to the live colour")
    return colour


def members_to_hide(text: str) -> Iterator[tuple[str, str]]:
    """Everything else in that secret, which is nobody's business."""
    yield from ((name, value) for name, value in (_members(text) or {}).items() if isinstance(value, str))


def _members(text: str) -> dict[str, object] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def must_be_idle(asked: Colours, live: str, service: Service | None) -> tuple[Problem, ...]:
    """A guard against a secret that names the wrong colour."""
    if service is None or service.desired == 0:
        return ()
    said = f"{service.name} should be idle, as secret {asked.secret} names {live} as live, but it has {tasks(service.desired)}"
    return (Problem(said, f"Check {KEY} in the secret; scale {service.name} to 0 if it is right"),)


def how_to_switch(asked: Colours, live: str, service: str) -> str:
    """What is left to people, as nothing was started."""
    return (
        f"nothing was started: {service} has desired count 0. To switch, scale it up, see that it serves, "
        f"then set {KEY} to {OTHER[live]} in secret {asked.secret} and scale the other one down"
    )
