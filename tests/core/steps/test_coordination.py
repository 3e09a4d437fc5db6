"""What the end of one execution means for the others: tables over executions of no kind in particular."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.request.request import Access, Request
from drone_deploy_ecs.core.steps.coordination import (
    ANOTHER_FAILED,
    NEVER_BEGUN,
    Abort,
    cancelled,
    consequences,
    ends_stages,
    fails,
    fails_run,
    on_what_never_began,
)
from drone_deploy_ecs.core.steps.kind import KindExecution, KindStep
from drone_deploy_ecs.core.steps.step import Reach
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import TARGET
from tests.edits import set_image

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.step import Context, Execution
    from drone_deploy_ecs.core.target import Target

WITHDRAWN = (Verdict.WITHDRAWN, ANOTHER_FAILED)
REQUEST = Request(
    access=Access("eu-west-1"), further=(Access("us-east-1"),), cluster="prod", services=("web",),
    edits=(set_image("app", "shop:2"),),
)  # fmt: skip


class Sample(KindStep, Struct, frozen=True, kw_only=True):
    """A step of no kind."""

    target: Target | None = None
    far: Reach = Reach.RUN

    @property
    def reach(self) -> Reach:
        return self.far

    def begin(self, _context: Context, /) -> Execution:
        return Running(step=self)


class Running(KindExecution, frozen=True, kw_only=True):
    """It, under way."""

    step: Sample
    blame: str = ""
    told: str = ""

    @property
    def call(self) -> None:
        return None

    @property
    def fails_target(self) -> str:
        return self.blame

    @property
    def fails_run(self) -> str:
        return self.told

    def advance(self, _answer: object, _now: float, /) -> Running:
        return self


class Watched(Running, frozen=True, kw_only=True):
    """One that is monitored."""

    is_monitored: ClassVar[bool] = True


def about(name: str, region: str = "eu-west-1") -> Sample:
    return Sample(target=replace(TARGET, name=name, region=region))


WEB, API, FAR = Watched(step=about("web")), Watched(step=about("api")), Watched(step=about("far", "us-east-1"))
BETWEEN = Running(step=about("web"))
REGISTERING = Running(step=Sample(far=Reach.DEPENDENTS))
UNDER_WAY: dict[int, Any] = {1: WEB, 2: API, 3: FAR, 4: BETWEEN}


@pytest.mark.parametrize("verdict", [None, *Verdict])
@pytest.mark.parametrize("reach", Reach)
def test_what_fails_and_what_ends_the_stages(verdict: Verdict | None, reach: Reach) -> None:
    execution = Running(step=Sample(far=reach), verdict=verdict)
    is_bad = verdict in (Verdict.FAILED, Verdict.ROLLED_BACK, Verdict.TIMED_OUT, Verdict.REFUSED)
    assert fails(execution) is (is_bad and reach is not Reach.NOTHING)
    expected = {
        Reach.RUN: verdict not in (None, Verdict.COMPLETED, Verdict.UNCHANGED),
        Reach.DEPENDENTS: False,
        Reach.NOTHING: verdict is Verdict.WITHDRAWN,
    }
    assert ends_stages(execution) is expected[reach]


def failed(execution: Any, verdict: Verdict = Verdict.FAILED, **more: str) -> Any:
    return replace(execution, verdict=verdict, reason="why", **more)


ALL = dict.fromkeys((1, 2, 3, 4), WITHDRAWN)
ROWS: dict[str, tuple[dict[str, Any], Any, dict[int, tuple[Verdict, str]]]] = {
    "nothing has ended": ({}, WEB, {}),
    "one has come through": ({}, failed(WEB, Verdict.COMPLETED), {}),
    "one failed": ({}, failed(WEB), ALL),
    "one failed, rollbacks are off": ({"roll_back": False}, failed(WEB), {4: WITHDRAWN}),
    "one failed, only it is taken back": ({"undo_failed_only": True}, failed(WEB), {1: WITHDRAWN, 4: WITHDRAWN}),
    "one failed, its wave is taken back": (
        {"undo_waves": False}, failed(WEB), {1: WITHDRAWN, 2: WITHDRAWN, 4: WITHDRAWN}),
    "one in another wave": ({"undo_waves": False}, failed(FAR), {3: WITHDRAWN, 4: WITHDRAWN}),
    "a registration failed": ({}, failed(REGISTERING, Verdict.REFUSED), ALL),
    "a registration failed, only what failed is taken back": (
        {"undo_failed_only": True}, failed(REGISTERING, Verdict.REFUSED), {}),
    "a step in between failed": ({}, failed(BETWEEN), ALL),
    "a step in between failed, only what failed is taken back": ({"undo_failed_only": True}, failed(BETWEEN), {}),
    "one without which the deployment is worth nothing": (
        {}, failed(BETWEEN, blame="no limits"), {**ALL, 1: (Verdict.FAILED, "no limits")}),
    "the same, rollbacks are off": (
        {"roll_back": False}, failed(BETWEEN, blame="no limits"), {1: (Verdict.FAILED, "no limits")}),
    "the same, only its wave is taken back": (
        {"undo_waves": False}, failed(BETWEEN, blame="no limits"),
        {1: (Verdict.FAILED, "no limits"), 2: WITHDRAWN, 4: WITHDRAWN}),
    "the same, only what failed is taken back": (
        {"undo_failed_only": True}, failed(BETWEEN, blame="no limits"), {1: (Verdict.FAILED, "no limits")}),
    "the same of a service that isn't deployed": ({}, failed(Running(step=about("db")), blame="no limits"), ALL),
    "one whose failure is nobody else's": (
        {"undo_failed_only": True}, failed(BETWEEN, told="after failed"), dict.fromkeys(ALL, (Verdict.WITHDRAWN, "after failed"))),
    "one that nothing depends on": ({}, failed(replace(BETWEEN, step=Sample(far=Reach.NOTHING))), {}),
    "a step in between went out of sight": (
        {}, failed(BETWEEN, Verdict.UNKNOWN), dict.fromkeys(ALL, (Verdict.UNKNOWN, "why"))),
    "a deployment went out of sight": ({}, failed(WEB, Verdict.UNKNOWN), {4: WITHDRAWN}),
    "somebody else took over": ({}, failed(WEB, Verdict.SUPERSEDED), {4: WITHDRAWN}),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_what_goes_no_further(name: str) -> None:
    settings, changed, expected = ROWS[name]
    aborts = list(consequences(replace(REQUEST, **settings), [changed], UNDER_WAY))
    first: dict[int, tuple[Verdict, str]] = {}
    for abort in aborts:
        first.setdefault(abort.index, (abort.verdict, abort.reason))
    assert first == expected


def test_what_fails_the_whole_run() -> None:
    assert fails_run(failed(BETWEEN, told="after failed"))
    assert not fails_run(failed(BETWEEN))
    assert not fails_run(failed(BETWEEN, Verdict.COMPLETED, told="after failed"))


def test_a_cancellation_takes_back_everything() -> None:
    reason = "the run was cancelled by signal 15"
    assert list(cancelled(15, UNDER_WAY)) == [Abort(index, Verdict.CANCELLED, reason) for index in UNDER_WAY]


def test_what_never_began_is_withdrawn_or_cancelled() -> None:
    assert on_what_never_began(0) == (Verdict.WITHDRAWN, NEVER_BEGUN)
    assert on_what_never_began(15) == (Verdict.CANCELLED, "the run was cancelled by signal 15")


def test_what_says_nothing_of_its_time_is_due_at_once_and_heeds_nobody() -> None:
    assert WEB.due(3.0, 0.5) == 3.0
    other: Any = API
    assert WEB.heed(other, 3.0) is WEB
