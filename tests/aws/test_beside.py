"""Preflight's reads beside the run: by real threads, and real time."""

from __future__ import annotations

import time
from collections import Counter
from threading import Event, Thread, get_ident
from typing import TYPE_CHECKING, TypeVar

import pytest

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.core.calls.call import USUAL
from drone_deploy_ecs.core.calls.ecr import BatchGetImage
from drone_deploy_ecs.core.calls.ecs import RegisterTaskDefinition
from drone_deploy_ecs.core.masking import Masks
from drone_deploy_ecs.core.preflight.check import Result
from drone_deploy_ecs.core.request.request import Access, Request
from drone_deploy_ecs.run.calls import Calls
from drone_deploy_ecs.run.event_log import EventLog
from drone_deploy_ecs.run.preflight import WITHIN, Preflight
from drone_deploy_ecs.run.system import SystemClock, beside
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.core.preflight.subjects import HERE, IMAGE, subject
from tests.edits import set_image

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.ports import Aws

A = TypeVar("A")

CONTAINER = {"name": "app", "image": IMAGE}


def request() -> Request:
    return Request(access=Access(HERE), cluster="prod", services=("web",), edits=(set_image("app", IMAGE),))


def preflight(aws: Aws) -> Preflight:
    clock = SystemClock()
    calls = {HERE: Calls(aws, clock, Counter())}
    return Preflight(calls, clock, EventLog(clock, lambda _: None, Masks(())), beside)


class Slow:
    """Answers when it is let go, and notes by which thread it was asked."""

    def __init__(self) -> None:
        self.released = Event()
        self.threads: list[int] = []
        self._aws = SimulatedAws(World())

    def send(self, call: Call[A]) -> A:
        self.threads.append(get_ident())
        assert self.released.wait(30)
        return self._aws.send(call)


def test_a_run_goes_on_while_it_is_asked_and_without_what_takes_too_long() -> None:
    aws = Slow()
    reads = preflight(aws)
    began = time.monotonic()
    reads.begin(request())
    assert time.monotonic() - began < 0.5
    findings = reads.findings(request(), [subject(before={}, containerDefinitions=[CONTAINER])])
    assert WITHIN <= time.monotonic() - began < WITHIN + 1
    assert [(finding.result, finding.what) for finding in findings] == [
        (Result.UNKNOWN, f"image {IMAGE}: no answer in time")
    ]
    assert len(aws.threads) == 1
    assert get_ident() not in aws.threads
    aws.released.set()


def test_what_is_answered_meanwhile_is_not_asked_again() -> None:
    aws = Slow()
    aws.released.set()
    reads = preflight(aws)
    reads.begin(request())
    findings = reads.findings(request(), [subject(before={}, containerDefinitions=[CONTAINER])])
    assert [finding.result for finding in findings] == [Result.FINE, Result.FINE]
    assert len(aws.threads) == 1


def test_a_defect_beside_the_run_is_the_run_s() -> None:
    class Broken:
        def send(self, call: Call[A]) -> A:
            raise ZeroDivisionError(call.operation)

    reads = preflight(Broken())
    with pytest.raises(ZeroDivisionError):
        reads.findings(request(), [subject(before={}, containerDefinitions=[CONTAINER])])


def test_what_goes_out_as_it_is_stays_with_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a read beside it would be sent with a task definition for a body, or the other way round."""
    world = World()
    world.add_service("prod", "web", task_definition("web", IMAGE))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    read = BatchGetImage(region=HERE, registry="123456789012", repository="shop", tag="2")
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        aws = connect(Access(HERE))

        def meanwhile(**_: object) -> None:
            reading = Thread(target=aws.send, args=(read,))
            reading.start()
            reading.join()

        # After the body is set aside, and before it is put into the request.
        aws._client("ecs", HERE, USUAL).meta.events.register("before-parameter-build", meanwhile)
        aws.send(RegisterTaskDefinition(region=HERE, body=task_definition("web", IMAGE, aMemberOfTomorrow={"x": 1})))
    assert world.faults.calls["BatchGetImage"] == 1
    assert world.definitions.describe("web:2")["taskDefinition"]["aMemberOfTomorrow"] == {"x": 1}
