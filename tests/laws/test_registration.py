"""The laws of a registration: whatever is answered, in whatever order, `core.registration` keeps them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core import registration, taskdef, watch
from drone_deploy_ecs.core.fault import Fault, FaultKind
from drone_deploy_ecs.core.registration import Newest, NotRegistered, Registered
from drone_deploy_ecs.core.step import RegisterTaskDefinition
from drone_deploy_ecs.core.taskdef import Definition
from drone_deploy_ecs.core.watch import Phase
from tests.core.shown import BEFORE, NEW
from tests.laws.test_fold import BUDGET, faults

BODY: dict[str, Any] = {"family": "web", "tags": [{"key": "team", "value": "shop"}]}
register = RegisterTaskDefinition(
    key="web#1", region="eu-west-1", family="web", body=BODY, serves=("web",), source=BEFORE, what="a change"
)
tag_denied = Fault(
    FaultKind.DENIED, "RegisterTaskDefinition", "AccessDeniedException", "not authorized: ecs:TagResource"
)
BODIES: list[dict[str, Any]] = [BODY, {"family": "web"}, {"family": "web", "cpu": "512"}]
bodies = st.sampled_from(BODIES)
newest = st.builds(Newest, st.none() | bodies.map(lambda body: Definition(NEW, active=True, body=body)))
failures = st.builds(NotRegistered, faults | st.just(tag_denied))
registering = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 11.0]), failures | newest, failures | st.just(Registered(NEW))), max_size=12
)


@given(registering)
def test_a_registration_keeps_its_laws(script: list[tuple[float, registration.Registration, object]]) -> None:
    """It never raises; ends for good; after doubt it looks, long enough, before it writes again."""
    one, now, doubted_at = registration.begin(register, 0.0, BUDGET), 0.0, None
    for wait, look, write in script:
        now = max(now + wait, one.not_before)
        if one.is_done:
            break
        writes_now = one.phase is Phase.WRITE
        if writes_now and doubted_at is not None:
            assert now >= doubted_at + watch.SETTLE
        observation = write if writes_now else look
        if writes_now and isinstance(write, NotRegistered) and write.fault.kind is FaultKind.AMBIGUOUS:
            doubted_at = now
        one = registration.advance(one, observation, now)  # type: ignore[arg-type]
        assert taskdef.without_tags(one.body) == taskdef.without_tags(BODY)
        assert one.untagged or one.body == BODY


@given(st.lists(st.tuples(failures | newest, failures), min_size=1, max_size=3))
def test_a_registration_ends(world: list[tuple[NotRegistered | Newest, NotRegistered]]) -> None:
    one, now = registration.begin(register, 0.0, BUDGET), 0.0
    for number in range(1000):
        if one.is_done:
            return
        now = max(now, one.not_before) + 0.05
        look, write = world[number % len(world)]
        one = registration.advance(one, write if one.phase is Phase.WRITE else look, now)
    raise AssertionError(one)
