"""Where a run asks the new version itself: the probes of a wave, and what is asked before the first write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.calls.web import Get
from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.steps.probe.probe import Probe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService


def may_ask(request: Request) -> tuple[Get, ...]:
    """Each address once: whether it can be reached from here."""
    asked = {url: access.region for access in request.regions if (url := request.probe_of(access.region))}
    return tuple(Get(region=region, url=url) for url, region in asked.items())


def warnings(request: Request, answers: Answers) -> Iterator[Problem]:
    """What can't be reached now may not be later, either."""
    for call in may_ask(request):
        answer = answers.get(call)
        if isinstance(answer, Fault):
            what = f"GET {call.url} isn't answered from here: {answer.message}"
            yield Problem(
                what, "If it stays so, the deployment will be taken back: check that this runner may reach it"
            )


def probes(
    request: Request,
    wave: Sequence[UpdateService | FollowDeployment],
    later: Iterable[str] = (),
    beside: tuple[str, ...] = (),
) -> Iterator[Probe]:
    """Those of what is updated together: one a Region. `later` are the Regions of what is updated after it.

    Where services behind the same address are still to follow, an answer without the text may be theirs: then any good
    one will do. `beside` are the services that serve the same users until they give way.
    """
    still = {request.probe_of(region) for region in later}
    for access in request.regions:
        url = request.probe_of(access.region)
        services = [update for update in wave if update.target.region == access.region]
        if url is None or not services:
            continue
        yield Probe(
            url=url,
            region=access.region,
            services=tuple(update.target.name for update in services),
            beside=beside,
            expect="" if url in still else request.probe_expect,
            stable_for=request.stable_for,
            starts=_starts(services),
            undo=_undo(request, beside),
        )


def _starts(updates: Iterable[UpdateService | FollowDeployment]) -> str:
    """From when on it should serve, for people."""
    return " and ".join(dict.fromkeys(update.serves for update in updates))


def _undo(request: Request, beside: tuple[str, ...]) -> str:
    if not request.roll_back:
        return "none, it changes nothing; what it finds bad is left as it is"
    first = ", which is before anything of the live side is taken away" if beside else ""
    return f"none, it changes nothing; what it finds bad is taken back{first}"
