"""The series of weights and stages lose nothing: what every look showed can be read off them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.progress import Share, Shifting
from drone_deploy_ecs.core.report.traffic import Traffic, grow

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
DEPLOYMENTS = ("ecs-svc/1", "ecs-svc/2", "ecs-svc/3")


@st.composite
def shifting(draw: st.DrawFn) -> Shifting:
    """A look: one deployment's share, and another's the rest; or none is told."""
    ours, other = draw(st.permutations(DEPLOYMENTS))[:2]
    percent = draw(st.sampled_from((0.0, 5.0, 100.0)))
    both = (Share(ours, "web:2", percent), Share(other, "web:1", 100.0 - percent))
    return Shifting(
        strategy="CANARY",
        status=draw(st.sampled_from(("IN_PROGRESS", "ROLLBACK_IN_PROGRESS"))),
        stage=draw(st.sampled_from(("SCALE_UP", "BAKE_TIME"))),
        awaits=draw(st.sampled_from(("", "PAUSE"))),
        bakes_until=draw(st.sampled_from((None, NOON, NOON + timedelta(hours=1)))),
        shares=draw(st.sampled_from((both, both[:1] if percent == 100.0 else both, ()))),
    )


@given(st.lists(shifting(), min_size=1, max_size=8))
def test_every_look_can_be_read_off_the_series(looks: list[Shifting]) -> None:
    traffic, expected = Traffic(), dict.fromkeys(DEPLOYMENTS, 0.0)
    for second, look in enumerate(looks):
        before = traffic
        traffic = grow(traffic, look, NOON + timedelta(seconds=second))
        if look.shares:
            expected = dict.fromkeys(DEPLOYMENTS, 0.0) | {share.deployment: share.percent for share in look.shares}
        latest = {weight.deployment: weight.percent for weight in traffic.weights}
        assert dict.fromkeys(DEPLOYMENTS, 0.0) | latest == expected
        assert traffic.stages[-1].place == (look.stage, look.status, look.awaits, look.bakes_until is not None)
        assert grow(traffic, look, NOON + timedelta(hours=1)) == traffic
        assert traffic.weights[: len(before.weights)] == before.weights
