"""A step under way, whichever it is, and what the engine asks of any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.registration import Registration
from drone_deploy_ecs.core.scaling import Counting, End, Holding, Limiting, Scaling
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import Phase, Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

RECALL = "another service of this run failed"

Flight = Registration | Watch | Counting


def failed(one: Flight) -> bool:
    """Whether it is why the others are taken back."""
    match one:
        case Registration():
            return bool(one.failure)
        case Watch():
            return one.verdict is not None and one.verdict.fails_the_run
        case Limiting():
            return one.end is End.FAILED and one.step.vital
        case _:
            return one.end is End.FAILED


def why_recalled(culprit: Flight, flights: Sequence[Flight]) -> tuple[Verdict, str]:
    """The verdict on what is taken back because that one failed, and the reason."""
    if isinstance(culprit, Limiting) and any(
        isinstance(one, Watch) and one.target.name == culprit.step.target.name for one in flights
    ):
        return Verdict.FAILED, f"its autoscaling couldn't be changed: {culprit.reason}"
    return Verdict.WITHDRAWN, RECALL


def stops(one: Flight) -> bool:
    """Whether no later stage may follow."""
    match one:
        case Registration():
            return False  # those that need it are refused, the others may go on
        case Watch():
            return one.verdict is not None and not one.verdict.is_good
        case Limiting() if not one.step.vital:
            return one.end is End.RECALLED
        case _:
            return one.end is not End.DONE


def is_overtaken(one: Flight) -> bool:
    """Whether somebody else's change calls for a new plan."""
    return isinstance(one, Scaling) and one.end is End.OVERTAKEN


def precedes(one: Flight, limiting: Limiting) -> bool:
    """Whether this is the update of the same service, not yet accepted."""
    return isinstance(one, Watch) and one.target.name == limiting.step.target.name and not one.deployment


def call_of(one: Flight) -> str:
    """The operation that it needs next, "" if none."""
    match one:
        case Registration():
            return "RegisterTaskDefinition" if one.phase is Phase.WRITE else "DescribeTaskDefinition"
        case Limiting():
            return "RegisterScalableTarget"
        case Holding():
            return ""
        case _:
            return "DescribeServices" if looks(one) else "UpdateService"


def place_of(one: Flight) -> tuple[str, str]:
    """The Region and cluster that it is about; a registration is about the Region alone."""
    if isinstance(one, Registration):
        return one.step.region, ""
    target = one.target if isinstance(one, Watch) else one.step.target
    return target.region, target.cluster


def is_complete(one: Flight) -> bool:
    """Whether it is an update that has come through, and only waits for the others' verdict."""
    return isinstance(one, Watch) and one.completed_at is not None and one.verdict is None


def looks(one: Flight) -> bool:
    """Whether all it needs next is a look at its service."""
    if isinstance(one, Watch):
        return one.verdict is not None or one.phase is not Phase.WRITE
    return isinstance(one, Scaling) and one.phase is not Phase.WRITE
