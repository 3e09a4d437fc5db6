"""The one-off tasks of plans: which container they run in, where their logs are, and what a new plan keeps of them."""

from __future__ import annotations

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.tasks import Started
from drone_deploy_ecs.core.causes.evidence import LogPlace
from drone_deploy_ecs.core.plan import tasks
from drone_deploy_ecs.core.request.request import Access, Request
from drone_deploy_ecs.core.steps.scale import Scale
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import CONTEXT, TARGET
from tests.core.steps.test_task import STEP, started, task

REQUEST = Request(access=Access("eu-west-1"), cluster="prod", services=("web",), containers=("app", "job"))
BODY = {"containerDefinitions": [{"name": "proxy"}, {"name": "app"}, {"name": "job"}]}
SMOKE = replace(STEP, word="after", when_serving=True)


def test_the_container_is_the_named_one_or_the_first_that_is_deployed() -> None:
    assert tasks.container_of(REQUEST, BODY) == "app"
    assert tasks.container_of(replace(REQUEST, task_container="job"), BODY) == "job"
    assert tasks.container_of(replace(REQUEST, containers=()), BODY) == "proxy"


def test_a_log_in_another_region_is_said_to_be_there() -> None:
    options = {"awslogs-group": "g", "awslogs-stream-prefix": "p", "awslogs-region": "us-east-1"}
    body = {"containerDefinitions": [{"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": options}}]}
    assert tasks.log_of(body, "app", "eu-west-1") == "its log is in another region: g p/app/ (us-east-1)"
    assert tasks.log_of(body, "app", "us-east-1") == LogPlace("us-east-1", "g", "p/app/")


def test_what_has_not_run_yet_comes_before_anything_is_taken_away() -> None:
    up, down = Stage((Scale(target=TARGET, to=3),)), Stage((Scale(target=TARGET, expected=2, to=0),))
    left = tasks.not_run((Stage((STEP,)), Stage((SMOKE,))), ())
    assert left == (SMOKE,)
    assert tasks.before_less_capacity((up, down), left) == (up, Stage((SMOKE,)), down)
    assert tasks.before_less_capacity((up,), left) == (up, Stage((SMOKE,)))
    ran = SMOKE.begin(CONTEXT).start(0.0).advance(Started(task(), ()), 1.0)
    assert tasks.not_run((Stage((SMOKE,)),), (ran,)) == ()


def test_what_still_runs_is_stopped_and_nothing_else() -> None:
    cut = started().abort(Verdict.WITHDRAWN, "another failed", 2.0)
    (stage,) = tasks.stops((cut, STEP.begin(CONTEXT)))
    assert [str(step) for step in stage.steps] == ["StopTask (before): 0f"]
    ended = started().advance((task(exit_code=0),), 9.0)
    left = replace(cut, verdict=Verdict.CANCELLED, step=replace(STEP, may_be_left=True))
    assert tasks.stops((ended, left)) == ()
