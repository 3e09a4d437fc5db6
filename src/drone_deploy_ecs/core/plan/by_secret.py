"""Two colours of which a secret names the live one: the other one's service gets its own image. Nothing is switched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.secrets import GetSecretValue
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.masking import Secret
from drone_deploy_ecs.core.plan.rolling import Rolling, plan_rolling
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.plan.snapshot import Snapshot
    from drone_deploy_ecs.core.plan.strategy import Plan, Sentence
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.request.request import Colours, Request

KEY = "CURRENT_LIVE_ENVIRONMENT"
OTHER = {"blue": "green", "green": "blue"}


class BySecret(Rolling, frozen=True):
    """A rolling deployment of the colour that isn't `live`, which only the secret tells."""

    colours: Colours
    live: str = ""

    def asks(self, request: Request, _answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`: the secret."""
        return (GetSecretValue(region=request.access.region, name=self.colours.secret),)

    def resolve(self, request: Request, answers: Answers, /) -> Request | tuple[Problem, ...]:
        """See `Strategy`: the other colour's service and image, and the secrets that came along."""
        (call,) = self.asks(request, answers)
        live = live_colour(self.colours, answers[call])
        if isinstance(live, Problem):
            return (live,)
        hidden = (Secret(name, value) for name, value in members_to_hide(answers[call]))
        return replace(request.for_colour(live), secrets=(*request.secrets, *hidden))

    def plan(
        self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /
    ) -> Plan | tuple[Problem, ...]:
        """See `Strategy`. What the secret calls idle must be."""
        live = "blue" if request.services == (self.colours.green,) else "green"
        problems = must_be_idle(self.colours, live, snapshots[0].service)
        return problems or plan_rolling(replace(self, live=live), request, snapshots, answers)

    def epilogue(self, report: Report, /) -> tuple[Sentence, ...]:
        """See `Strategy`: nothing was started."""
        if report.exit_code != ExitCode.DONE:
            return ()
        name = report.outcomes[0].target.name
        return ((name, how_to_switch(self.colours, self.live, name)),)


def live_colour(colours: Colours, text: str) -> str | Problem:
    """`blue` or `green`, by the text of the secret. Nothing is guessed: a wrong guess would deploy to what serves."""
    members = _members(text)
    if members is None:
        return Problem(f"secret {colours.secret} isn't a JSON object", f'It should be like {{"{KEY}": "blue"}}')
    colour = members.get(KEY)
    if colour is None:
        return Problem(f"secret {colours.secret} has no {KEY}", "Set it to the live colour, blue or green")
    if not isinstance(colour, str) or colour not in OTHER:
        return Problem(f"{KEY} in secret {colours.secret} is neither blue nor green", "Set it to the live colour")
    return colour


def members_to_hide(text: str) -> Iterator[tuple[str, str]]:
    """Everything else in that secret, which is nobody's business."""
    yield from ((name, value) for name, value in (_members(text) or {}).items() if isinstance(value, str))


def _members(text: str) -> dict[str, object] | None:
    try:
        members = json.loads(text)
    except ValueError:
        return None
    return members if isinstance(members, dict) else None


def must_be_idle(colours: Colours, live: str, service: Service | None) -> tuple[Problem, ...]:
    """A guard against a secret that names the wrong colour."""
    if service is None or service.desired == 0:
        return ()
    why = f"as secret {colours.secret} names {live} as live, but it has {tasks(service.desired)}"
    what = f"{service.name} should be idle, {why}"
    return (Problem(what, f"Check {KEY} in the secret; scale {service.name} to 0 if it is right"),)


def how_to_switch(colours: Colours, live: str, service: str) -> str:
    """What is left to people, as nothing was started."""
    return (
        f"nothing was started: {service} has desired count 0. To switch, scale it up, see that it serves, "
        f"then set {KEY} to {OTHER[live]} in secret {colours.secret} and scale the other one down"
    )
