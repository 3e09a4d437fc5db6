"""The laws of a registration: whatever is answered, in whatever order, `core.steps.register` keeps them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.steps.attempts import SETTLE, Phase
from drone_deploy_ecs.core.steps.register import RegisterTaskDefinition
from tests.core.shown import BEFORE, CONTEXT, NEW
from tests.laws.test_fold import faults

BODY: dict[str, Any] = {"family": "web", "tags": [{"key": "team", "value": "shop"}]}
REGISTER = RegisterTaskDefinition(
    name="web#1", region="eu-west-1", family="web", body=BODY, serves=("web",), source=BEFORE, what="a change"
)
tag_denied = Fault(
    FaultKind.DENIED, "RegisterTaskDefinition", "AccessDeniedException", "not authorized: ecs:TagResource"
)
BODIES: list[dict[str, Any]] = [BODY, {"family": "web"}, {"family": "web", "cpu": "512"}]
newest = st.sampled_from(BODIES).map(lambda body: Definition(NEW, active=True, body=body))
failures = faults | st.just(tag_denied)
registering = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 11.0]), failures | newest, failures | st.just(NEW)), max_size=12
)


@given(registering)
def test_a_registration_keeps_its_laws(script: list[tuple[float, Fault | Definition, Fault | str]]) -> None:
    """It never raises; ends for good; after an unconfirmed write it looks, long enough, before it writes again."""
    registration, now, unconfirmed_at = REGISTER.begin(CONTEXT), 0.0, None
    for wait, look, write in script:
        now = max(now + wait, registration.due(now, 0.5))
        if registration.verdict:
            break
        writes_now = registration.phase is Phase.WRITE
        if writes_now and unconfirmed_at is not None:
            assert now >= unconfirmed_at + SETTLE
        if writes_now and isinstance(write, Fault) and write.kind is FaultKind.AMBIGUOUS:
            unconfirmed_at = now
        registration = registration.advance(write if writes_now else look, now)
        assert taskdef.without_tags(registration.body) == taskdef.without_tags(BODY)
        assert registration.is_untagged or registration.body == BODY


@given(st.lists(st.tuples(failures | newest, failures), min_size=1, max_size=3))
def test_a_registration_ends(world: list[tuple[Fault | Definition, Fault]]) -> None:
    registration, now = REGISTER.begin(CONTEXT), 0.0
    for number in range(1000):
        if registration.verdict:
            return
        now = max(now, registration.due(now, 0.5)) + 0.05
        look, write = world[number % len(world)]
        registration = registration.advance(write if registration.phase is Phase.WRITE else look, now)
    raise AssertionError(registration)
