"""What holds a task definition's body shows none of it, in whatever traceback it stands."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.calls import ecs
from drone_deploy_ecs.core.calls.events import PutTargets
from drone_deploy_ecs.core.calls.schedules import UpdateSchedule
from drone_deploy_ecs.core.ecs.schedule import Scheduled
from drone_deploy_ecs.core.ecs.taskdef import Definition, HasBody
from drone_deploy_ecs.core.plan.revision import Revision
from drone_deploy_ecs.core.preflight.check import Subject
from drone_deploy_ecs.core.request.edits.file import FromFile
from drone_deploy_ecs.core.steps.attempts import Attempts
from drone_deploy_ecs.core.steps.register import RegisterTaskDefinition, Registration
from drone_deploy_ecs.core.target import WayBack
from tests.core.shown import service

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY = {"containerDefinitions": [{"name": "app", "environment": [{"name": "PASSWORD", "value": "s3cr3t"}]}]}
STEP = RegisterTaskDefinition(
    name="web", region="eu-west-1", family="web", body=BODY, serves=("web",), source="web:1", what="image shop:2"
)
HOLDERS = (
    Definition("web:1", active=True, body=BODY),
    WayBack(definition="web:1", body=BODY),
    ecs.RegisterTaskDefinition(region="eu-west-1", body=BODY),
    Scheduled(BODY),
    PutTargets(region="eu-west-1", bus="default", name="nightly", body=BODY),
    UpdateSchedule(region="eu-west-1", group="jobs", name="hourly", body=BODY),
    STEP,
    Revision(source=Definition("web:1", active=True, body=BODY), body=BODY),
    FromFile("web.json", BODY),
    Registration(step=STEP, body=BODY, began=0.0, budget=600.0, attempts=Attempts()),
    Subject(name="web", region="eu-west-1", service=service(), desired=2, body=BODY, before=BODY),
)


def structs(kind: type[Struct] = Struct) -> Iterator[type[Struct]]:
    for narrower in kind.__subclasses__():
        yield narrower
        yield from structs(narrower)


def test_what_holds_a_body_is_represented_without_it() -> None:
    for holder in HOLDERS:
        assert "s3cr3t" not in repr(holder)
    assert repr(HOLDERS[0]) == "Definition(arn='web:1', active=True)"


def test_none_that_holds_a_body_is_forgotten() -> None:
    import_module("drone_deploy_ecs.core.plan.strategies")  # and with it all of the core that has bodies
    holders = {
        kind
        for kind in structs()
        if "body" in kind.__struct_fields__ and kind.__module__.startswith("drone_deploy_ecs.core")
    }
    assert holders == {type(holder) for holder in HOLDERS}
    assert all(issubclass(kind, HasBody) for kind in holders)
