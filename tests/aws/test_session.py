"""What a session makes of answers."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.utils import parse_timestamp

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.aws.session import moment
from drone_deploy_ecs.core.calls.ecs import DescribeServices
from drone_deploy_ecs.core.request.request import Access
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 1, 5, 12, 0, 0, 250000, tzinfo=UTC)
TOLD = {
    "seconds": NOON.timestamp(),
    "seconds as text": str(NOON.timestamp()),
    "a zone": "2026-01-05T13:00:00.250+01:00",
}


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that isn't in UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)
def test_a_time_is_what_botocore_takes_it_for(told: Any) -> None:
    assert moment(told) == parse_timestamp(told) == NOON


@pytest.mark.usefixtures("elsewhere")
def test_the_hundred_times_of_a_look_share_one_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.add_service("prod", "web", task_definition(), idle_events=100)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        call = DescribeServices(region="eu-west-1", cluster="prod", services=("web",))
        found = connect(Access("eu-west-1")).send(call)["services"][0]
    assert len(found["events"]) == 100
    assert {id(one["createdAt"].tzinfo) for one in found["events"]} == {id(UTC)}
    assert found["deployments"][0]["createdAt"] == world.clock.at(-86400)
