"""What is told of a change, and what isn't told again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.events import news
from tests.core.shown import active, following, primary, service, stopped


@pytest.mark.parametrize(
    ("told", "more", "said"),
    [
        (0, 1, ["1 task stopped (t0)"]),
        (1, 1, ["1 task stopped (t1)"]),
        (2, 1, []),
        (2, 2, ["2 tasks stopped (t2, t3)"]),
        (4, 3, []),
        (4, 4, ["4 tasks stopped (t4, t5, t6, …)"]),
    ],
)
def test_tasks_that_stop_alike_are_told_each_time_there_are_twice_as_many(
    told: int, more: int, said: list[str]
) -> None:
    tasks = tuple(stopped(f"a/t{number}") for number in range(told + more))
    before = replace(following(), stopped=tasks[:told])
    found = [text for kind, text in news(before, replace(before, stopped=tasks)) if kind is Kind.TASK]
    assert [text.partition(":")[0] for text in found] == said


def test_counts_are_told_when_they_change() -> None:
    before = replace(following(), service=service(primary(running=1), active()))
    after = replace(before, service=service(primary(running=2), active(running=1)))
    assert [text for _, text in news(before, after)] == ["web:2 2 of 2 running; web:1 1 running"]
    assert not list(news(after, after))


def test_that_fewer_are_wanted_than_there_must_be_is_told_before_the_deployment_shows_it() -> None:
    before = replace(following(at_least=2), service=service(primary()))
    after = replace(before, service=service(primary(), desired=1))
    assert [text for _, text in news(before, after)] == ["web:2 2 of 2 running, but 2 must"]
