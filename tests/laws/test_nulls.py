"""Null in a task definition is nothing: emulators answer it where ECS leaves a member out, in whatever place.

Whatever is read of a definition reads the same as if what is null weren't there, and what is sent is sent as it was.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.causes.cause import Cause
from drone_deploy_ecs.core.causes.evidence import log_place
from drone_deploy_ecs.core.causes.known import Weight
from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.diff import diff, same
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.masking import secrets
from tests.edits import with_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ARN = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:42"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
DESCRIBED: Mapping[str, Any] = {
    "taskDefinition": {
        "taskDefinitionArn": ARN,
        "family": "web",
        "revision": 42,
        "status": "ACTIVE",
        "cpu": "256",
        "volumes": [{"name": "data", "host": {"sourcePath": "/data"}}],
        "containerDefinitions": [
            {
                "name": name,
                "image": "shop:1",
                "environment": [{"name": "DB_PASSWORD", "value": "hunter2hunter2"}, {"name": "B", "value": "b"}],
                "secrets": [{"name": "API_KEY", "valueFrom": f"{SECRET}:key:AWSCURRENT:"}],
                "repositoryCredentials": {"credentialsParameter": SECRET},
                "healthCheck": {"command": ["CMD", "true"], "interval": 10},
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs",
                        "mode": "non-blocking", "splunk-token": "0f1e2d3c",
                    },
                    "secretOptions": [{"name": "cert", "valueFrom": "/prod/cert"}],
                },
                "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
            }
            for name in ("app", "sidecar")
        ],
    },
    "tags": [{"key": "team", "value": "shop"}, {"key": "app", "value": "web"}],
}  # fmt: skip
CAUSE = Cause(name="exited", weight=Weight.REPEATING, headline="", do="", container="app", task="task/1")
LOGS = ("app", "task/1", "eu-west-1")


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there is something: every member and every entry, however deep."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*above, key)
        yield from places(one, (*above, key))


def put(value: Any, place: tuple[Any, ...], *, absent: bool) -> None:
    """Null there; or, as if it weren't there, no such member."""
    for key in place[:-1]:
        value = value[key] if value is not None else None
        if value is None or isinstance(value, str):
            return
    if absent and isinstance(value, dict):
        value.pop(place[-1], None)
    else:
        value[place[-1]] = None


PLACES = [one for one in places(DESCRIBED) if one != ("taskDefinition",)]
NULLS = st.lists(st.sampled_from(PLACES), max_size=8, unique=True).map(lambda some: sorted(some, key=len, reverse=True))


def with_nulls(some: list[tuple[Any, ...]], *, absent: bool = False) -> dict[str, Any]:
    """The answer with null in these places, the deepest first."""
    answer = copy.deepcopy(dict(DESCRIBED))
    for place in some:
        put(answer, place, absent=absent)
    return answer


@given(NULLS)
def test_what_is_null_reads_as_what_is_absent(some: list[tuple[Any, ...]]) -> None:
    null, absent = (taskdef.registrable(with_nulls(some, absent=absent)) for absent in (False, True))
    assert list(secrets(null)) == list(secrets(absent))
    assert taskdef.containers(null) == taskdef.containers(absent)
    assert taskdef.warm_up(null) == taskdef.warm_up(absent)
    assert log_place(null, *LOGS) == log_place(absent, *LOGS)
    assert Definition(ARN, active=True, body=null).family == "web"
    assert same(null, absent)
    assert same(absent, null)


@given(NULLS)
def test_what_is_null_is_sent_as_it_was(some: list[tuple[Any, ...]]) -> None:
    body = taskdef.registrable(with_nulls(some))
    before = copy.deepcopy(body)
    edited = with_image(body, "app", "shop:2")
    assert taskdef.without_tags(body).keys() == body.keys() - {"tags"}
    assert body == before
    for one, other in zip(
        body.get("containerDefinitions") or (), edited.get("containerDefinitions") or (), strict=True
    ):
        is_it = bool(one) and one.get("name") == "app"
        assert other == ({**one, "image": "shop:2"} if is_it else one)
    rest = {name: value for name, value in body.items() if name != "containerDefinitions"}
    assert {name: value for name, value in edited.items() if name != "containerDefinitions"} == rest


@given(NULLS, NULLS)
def test_a_diff_of_whatever_is_null_shows_no_value(some: list[tuple[Any, ...]], others: list[tuple[Any, ...]]) -> None:
    one, other = (taskdef.registrable(with_nulls(each)) for each in (some, others))
    assert "hunter2" not in " ".join(diff(one, other))
    assert diff(one, other) or same(one, other)
