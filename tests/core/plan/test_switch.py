"""What is left of a switch, its way back, and what became of its two sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.autoscaling import DescribeScalableTargets
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.limits import Limits
from drone_deploy_ecs.core.plan.switch.strategy import TwoServices
from drone_deploy_ecs.core.plan.switch.switch import Switch
from drone_deploy_ecs.core.request.request import BlueGreen
from drone_deploy_ecs.core.steps.attempts import Attempts
from drone_deploy_ecs.core.steps.limit import Limiting, RegisterScalableTarget
from drone_deploy_ecs.core.steps.scale import Scale
from drone_deploy_ecs.core.target import WayBack
from drone_deploy_ecs.core.verdict import EndState, Verdict
from tests.core.plan.judged import REQUEST, judged, plan, scaled, service, standing, update
from tests.core.shown import BEFORE, CONTEXT, OTHER, OURS, primary
from tests.core.shown import service as seen

if TYPE_CHECKING:
    from drone_deploy_ecs.core.plan.strategy import Plan
    from drone_deploy_ecs.core.steps.scale import Scaling
    from drone_deploy_ecs.core.steps.step import Execution, Step

SETTINGS = BlueGreen(blue="blue", green="green", percent=50, interval=60.0, wait=0.0, checks=3)
LIVE = service("blue", desired=4)
IDLE = service("green", desired=0)
NO_WAY_BACK = replace(IDLE, back=WayBack(impossible="what it ran before isn't known"))
SWITCH = Switch(
    live=LIVE, idle=IDLE, count=4, percent=50, interval=60.0, live_limits=Limits(2, 8), idle_limits=Limits(0, 8)
)
DOWN = Scale(target=LIVE, expected=4, to=2)
LIMIT = RegisterScalableTarget(target=LIVE, limits=Limits(2, 8, frozenset({"ScheduledScaling"})), why="meanwhile")
DENIED = Fault(FaultKind.DENIED, "RegisterScalableTarget", "AccessDeniedException", "no")
LEFT = replace(REQUEST, on_cancel="leave")

GOOD = judged(Verdict.COMPLETED, IDLE)
BAD = judged(Verdict.FAILED, IDLE, reason="it exits")
SCALED = scaled(DOWN, Verdict.COMPLETED)
NEVER_SCALED = DOWN.begin(CONTEXT).abort(Verdict.WITHDRAWN, "", 1.0)
LIMITED = LIMIT.begin(CONTEXT).advance(None, 1.0)


def switch_plan(switch: Switch | None = SWITCH, **more: Any) -> Plan:
    return plan(TwoServices(SETTINGS, switch), **more)


def steps(*done: Execution, switch: Switch = SWITCH, **more: Any) -> list[str]:
    """The steps back, in order, in words."""
    made = switch_plan(switch, **more)
    return [_text(step) for stage in made.strategy.undo(made, done, {}).stages for step in stage.steps]


def _text(step: Step) -> str:
    known = sorted(step.target.known) if isinstance(step, Scale) else []
    return f"{step}{f' {known}' if known else ''}"


def test_how_the_services_are_autoscaled_is_asked() -> None:
    request = replace(REQUEST, services=("blue", "arn:aws:ecs:eu-west-1:1:service/prod/green"))
    assert TwoServices(SETTINGS).asks(request, {}) == ()
    (call,) = TwoServices(SETTINGS).plan_asks(request, (), {})
    assert call == DescribeScalableTargets(region="eu-west-1", cluster="prod", services=("blue", "green"))
    assert TwoServices(SETTINGS).resolve(request, {}) is request


# --- what is left ---


def overtaken(**more: Any) -> Scaling:
    return scaled(
        DOWN,
        Verdict.SUPERSEDED,
        reason="somebody else scaled it to 6 tasks",
        service=seen(desired=6, name="blue"),
        **more,
    )


def test_where_somebody_scaled_the_live_side_the_rest_is_planned_anew() -> None:
    watched = standing(update(IDLE), service=seen(primary(), desired=4, name="green"))
    made = switch_plan()
    replan = made.strategy.replan(made, (LIMITED, overtaken(), watched))
    assert replan
    assert (replan.service, replan.why) == ("blue", "somebody else scaled it to 6 tasks")
    assert (replan.standing, [execution.verdict for execution in replan.done]) == (
        (watched,),
        [Verdict.COMPLETED, Verdict.WITHDRAWN],
    )
    assert [str(step) for step in replan.plan.steps] == [
        "RegisterScalableTarget: autoscaling of green 6 to 8, to take over from 6 tasks",
        "UpdateService: green from 4 to 6 tasks",
        "RegisterScalableTarget: autoscaling of blue 2 to 8, suspended, while it is scaled down",
        "UpdateService: blue from 6 to 3 tasks",
        "Hold: watch green for 1 m",
        "UpdateService: blue from 3 to 0 tasks",
        "RegisterScalableTarget: autoscaling of green 2 to 8, as blue had it",
        "RegisterScalableTarget: autoscaling of blue 0 to 8, idle, but free to scale if it is switched back to",
    ]
    assert replan.plan.strategy == TwoServices(SETTINGS, replace(SWITCH, count=6))


def test_nothing_is_planned_anew_where_nobody_interfered_or_what_takes_over_is_gone() -> None:
    made = switch_plan()
    assert made.strategy.replan(made, (SCALED, standing(update(IDLE)))) is None
    assert made.strategy.replan(made, (overtaken(), BAD)) is None
    nothing = switch_plan(None)
    assert nothing.strategy.replan(nothing, ()) is None


# --- the way back ---

LIVE_FIRST = [
    "RegisterScalableTarget: autoscaling of blue 2 to 8, as before",
    "UpdateService: blue to 4 tasks",
    "RegisterScalableTarget: autoscaling of green 0 to 8, idle again",
]


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ((GOOD, SCALED), []),
        ((judged(Verdict.UNKNOWN, IDLE), SCALED), []),
        ((judged(Verdict.SUPERSEDED, IDLE), NEVER_SCALED), []),
        ((judged(Verdict.REFUSED, IDLE, output=""),), []),
        ((BAD,), [LIVE_FIRST[2], "UpdateService: green to web:1, with 0 tasks", "UpdateService: green to 0 tasks"]),
        (
            (BAD, LIMITED, SCALED),
            [*LIVE_FIRST, "UpdateService: green to web:1, with 0 tasks", "UpdateService: green to 0 tasks"],
        ),
        (
            (judged(Verdict.ROLLED_BACK, IDLE), SCALED),
            [*LIVE_FIRST[1:], f"UpdateService: green to 0 tasks {[*sorted(IDLE.known), OURS]}", "UpdateService: green to web:1"],
        ),
        (
            (judged(Verdict.CANCELLED, NO_WAY_BACK), SCALED),
            [*LIVE_FIRST[1:], f"UpdateService: green to 0 tasks {[*sorted(IDLE.known), OURS]}"],
        ),
    ],
)  # fmt: skip
def test_the_live_side_is_up_again_before_the_other_one_goes_down(
    done: tuple[Execution, ...], expected: list[str]
) -> None:
    assert steps(*done) == expected


def test_without_autoscaling_only_counts_go_back() -> None:
    alone = replace(SWITCH, live_limits=None, idle_limits=None)
    assert steps(BAD, SCALED, switch=alone) == [
        "UpdateService: blue to 4 tasks",
        "UpdateService: green to web:1, with 0 tasks",
        "UpdateService: green to 0 tasks",
    ]


def test_the_live_side_gets_its_tasks_whatever_an_old_look_shows() -> None:
    made = switch_plan()
    (scale,) = (
        step
        for stage in made.strategy.undo(made, (BAD, SCALED), {}).stages
        for step in stage.steps
        if isinstance(step, Scale) and step.target.name == "blue"
    )
    assert (scale.allow_more, scale.always_write, scale.expected) == (True, True, None)


def test_a_cancelled_switch_may_be_left_as_it_is() -> None:
    assert not steps(judged(Verdict.CANCELLED, IDLE), SCALED, request=LEFT)
    nothing = switch_plan(None)
    assert not nothing.strategy.undo(nothing, (), {}).stages
    assert not nothing.strategy.undo_asks(nothing, (), {})


def test_what_the_way_back_is_said_to_be() -> None:
    made = switch_plan()
    assert made.strategy.undo(made, (BAD,), {}).sentences == (("green", "taking it down again"),)
    assert made.strategy.undo(made, (BAD, SCALED), {}).sentences == (
        ("green", "taking it down again, once blue is back at 4 tasks"),
    )


def test_only_a_revision_that_is_returned_to_is_read_before() -> None:
    made = switch_plan()
    assert [call.subject for call in made.strategy.undo_asks(made, (BAD,), {})] == [BEFORE]
    for done in (GOOD, judged(Verdict.FAILED, NO_WAY_BACK), judged(Verdict.FAILED, IDLE, output="")):
        assert not made.strategy.undo_asks(made, (done,), {})


# --- what became of the two sides ---

BACK = judged(Verdict.COMPLETED, IDLE, undoes=OURS, output=OTHER)
UP = scaled(Scale(target=LIVE, to=4), Verdict.COMPLETED, service=seen(desired=4))
NOT_UP = scaled(Scale(target=LIVE, to=4), Verdict.FAILED, reason="it runs 3 of 4 tasks")
OUT_OF_SIGHT = scaled(DOWN, Verdict.UNKNOWN, reason="lost sight of AWS")
FAILED = scaled(DOWN, Verdict.FAILED, reason="the service is gone")
NOT_WRITTEN = scaled(DOWN, Verdict.REFUSED, writes=0, reason="AWS refused it")
NOTED = scaled(DOWN, Verdict.COMPLETED, note="1 task more than asked for still runs")
TRIED = Limiting(step=LIMIT, began=0.0, budget=1.0, attempts=Attempts(count=1)).advance(DENIED, 1.0)
SPARE = RegisterScalableTarget(target=IDLE, limits=Limits(0, 8), why="spare", required=False)
NOT_SPARE = SPARE.begin(CONTEXT).advance(DENIED, 1.0)
WHY = f"AWS refused {DENIED}"

Sides = tuple[tuple[Verdict, EndState, str], tuple[Verdict, EndState, str]]


@pytest.mark.parametrize(
    ("done", "undone", "expected"),
    [
        ((GOOD, SCALED), None, ((Verdict.COMPLETED, EndState.NEW, ""), (Verdict.COMPLETED, EndState.GAVE_WAY, ""))),
        ((GOOD, NOTED), None, (
            (Verdict.COMPLETED, EndState.NEW, ""), (Verdict.COMPLETED, EndState.GAVE_WAY, "1 task more than asked for still runs"))),
        ((GOOD, SCALED, NOT_SPARE), None, (
            (Verdict.COMPLETED, EndState.NOT_AS_BEFORE, WHY), (Verdict.COMPLETED, EndState.GAVE_WAY, ""))),
        ((GOOD, SCALED, TRIED), None, (
            (Verdict.COMPLETED, EndState.NEW, ""), (Verdict.COMPLETED, EndState.NOT_AS_BEFORE, WHY))),
        ((BAD, NEVER_SCALED), (BACK,), (
            (Verdict.FAILED, EndState.AS_BEFORE, "it exits"), (Verdict.WITHDRAWN, EndState.UNTOUCHED, ""))),
        ((BAD, SCALED), (UP, BACK), (
            (Verdict.FAILED, EndState.AS_BEFORE, "it exits"), (Verdict.WITHDRAWN, EndState.AS_BEFORE, ""))),
        ((BAD, SCALED), (NOT_UP,), (
            (Verdict.FAILED, EndState.NOT_AS_BEFORE, "it exits; it is only scaled to 0: what it ran before isn't known"),
            (Verdict.WITHDRAWN, EndState.NOT_AS_BEFORE, "the way back: it runs 3 of 4 tasks"))),
        ((BAD,), (BACK, scaled(Scale(target=IDLE, to=0), Verdict.FAILED, reason="it is gone")), (
            (Verdict.FAILED, EndState.NOT_AS_BEFORE, "it exits; the way back: it is gone"), (Verdict.WITHDRAWN, EndState.UNTOUCHED, ""))),
        ((judged(Verdict.SUPERSEDED, IDLE), SCALED), (UP,), (
            (Verdict.SUPERSEDED, EndState.SOMEBODY_ELSES, ""), (Verdict.WITHDRAWN, EndState.AS_BEFORE, ""))),
        ((judged(Verdict.UNKNOWN, IDLE), SCALED), None, (
            (Verdict.UNKNOWN, EndState.UNSEEN, ""), (Verdict.UNKNOWN, EndState.UNSEEN, ""))),
        ((judged(Verdict.UNKNOWN, IDLE), OUT_OF_SIGHT), None, (
            (Verdict.UNKNOWN, EndState.UNSEEN, ""), (Verdict.UNKNOWN, EndState.UNSEEN, "lost sight of AWS"))),
        ((judged(Verdict.CANCELLED, IDLE), SCALED), None, (
            (Verdict.CANCELLED, EndState.LEFT, ""), (Verdict.CANCELLED, EndState.NOT_AS_BEFORE, ""))),
        ((judged(Verdict.WITHDRAWN, IDLE), FAILED), (UP, BACK), (
            (Verdict.WITHDRAWN, EndState.AS_BEFORE, ""), (Verdict.FAILED, EndState.AS_BEFORE, "the service is gone"))),
        ((judged(Verdict.WITHDRAWN, IDLE), NOT_WRITTEN), (BACK,), (
            (Verdict.WITHDRAWN, EndState.AS_BEFORE, ""), (Verdict.REFUSED, EndState.UNTOUCHED, "AWS refused it"))),
        ((judged(Verdict.WITHDRAWN, IDLE), SCALED, NOT_WRITTEN), (UP, BACK), (
            (Verdict.WITHDRAWN, EndState.AS_BEFORE, ""), (Verdict.FAILED, EndState.AS_BEFORE, "AWS refused it"))),
        ((judged(Verdict.WITHDRAWN, IDLE), FAILED), (NOT_UP, BACK), (
            (Verdict.WITHDRAWN, EndState.AS_BEFORE, ""),
            (Verdict.FAILED, EndState.NOT_AS_BEFORE, "the service is gone; the way back: it runs 3 of 4 tasks"))),
    ],
)  # fmt: skip
def test_what_became_of_the_sides(
    done: tuple[Execution, ...], undone: tuple[Execution, ...] | None, expected: Sides
) -> None:
    made = switch_plan()
    idle, live = made.strategy.outcomes(made, done, undone)
    assert ((idle.verdict, idle.end_state, idle.reason), (live.verdict, live.end_state, live.reason)) == expected
    assert (idle.target.name, live.target.name, live.deployment, live.revision) == ("green", "blue", "", "web:1")


def test_a_side_that_was_left_is_left_as_it_was() -> None:
    made = switch_plan(request=LEFT)
    idle, live = made.strategy.outcomes(made, (judged(Verdict.CANCELLED, IDLE), SCALED), None)
    assert (idle.end_state, live.end_state) == (EndState.LEFT, EndState.LEFT)


def test_the_live_side_is_as_its_scaling_showed_it_last() -> None:
    made = switch_plan()
    first = scaled(DOWN, Verdict.COMPLETED, service=seen(desired=2))
    _, live = made.strategy.outcomes(made, (BAD, first, NEVER_SCALED), (BACK,))
    assert live.service is first.service
    _, live = made.strategy.outcomes(made, (BAD, first), (UP, BACK))
    assert live.service is UP.service


def test_where_nothing_is_to_be_switched_the_live_side_is_unchanged() -> None:
    made = switch_plan(None, unchanged=(LIVE,))
    (outcome,) = made.strategy.outcomes(made, (), None)
    assert (outcome.verdict, outcome.end_state, outcome.definition) == (Verdict.UNCHANGED, EndState.NEW, BEFORE)
