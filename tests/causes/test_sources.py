"""What the programs print that ECS quotes is told as what it means, and a part of it never as more certain."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from drone_deploy_ecs.core.causes.catalogue import CATALOGUE
from drone_deploy_ecs.core.causes.cause import cause_of_event
from tests.causes.messages import Message, event, message
from tests.causes.test_messages import CASES, is_surer_than_it_may_be, marked

FILE = Path(__file__).with_name("sources.toml")
WEIGHT = {known.name: known.weight for known in CATALOGUE}
SAID = [
    (cause, said)
    for wordings in tomllib.loads(FILE.read_text(encoding="utf-8")).values()
    for cause, texts in wordings.items()
    for said in texts
]
EVENTS = [(cause, said) for cause, said in SAID if said.startswith(("service ", "(service "))]
REASONS = [(cause, said) for cause, said in SAID if (cause, said) not in EVENTS]


def told_by(said: str) -> tuple[Message, Message]:
    """The task that didn't start for this reason, and the one of whose container ECS says so."""
    a_task = {"kind": "task", "stop_code": "TaskFailedToStart", "class": "none", "causes": []}
    return (
        message("s1", {**a_task, "stopped_reason": said}),
        message("s2", {**a_task, "stopped_reason": "Task failed to start", "container_reason": said}),
    )


@pytest.mark.parametrize(("cause", "said"), REASONS)
def test_a_tasks_wording_is_told_as_what_it_means(cause: str, said: str) -> None:
    for one in told_by(said):
        for case in CASES:
            told = one._replace(
                stopped_reason=case(one.stopped_reason), container_reason=case(one.container_reason)
            ).explained()
            assert told is not None
            assert (told.name, told.weight) == (cause, WEIGHT[cause])


@pytest.mark.parametrize(("cause", "said"), REASONS)
def test_a_tasks_wording_that_is_cut_off_is_never_surer(cause: str, said: str) -> None:
    assert cause
    one, _ = told_by(said)
    assert not [
        text
        for text in (*marked(said), *(said[:length] for length in range(0, len(said), 3)))
        if is_surer_than_it_may_be(one, text)
    ]


@pytest.mark.parametrize(("cause", "said"), EVENTS)
def test_an_events_wording_is_told_as_what_it_means(cause: str, said: str) -> None:
    told = cause_of_event(event(said))
    assert told is not None
    assert (told.name, told.weight) == (cause, WEIGHT[cause])


def test_a_wording_stands_once() -> None:
    texts = [said for _, said in SAID]
    assert len(texts) == len(set(texts))
