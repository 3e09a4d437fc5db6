"""Rules and schedules as they are named and as they are on the wire, and what of a listing is asked on."""

from __future__ import annotations

from typing import Any

import pytest

from drone_deploy_ecs.core.calls.answers import FailedEntry, ListedSchedule, Rule
from drone_deploy_ecs.core.calls.body import NotWholeError
from drone_deploy_ecs.core.calls.events import ListEventBuses, ListRules, ListTargetsByRule, PutTargets
from drone_deploy_ecs.core.calls.schedules import GetSchedule, ListSchedules, UpdateSchedule
from drone_deploy_ecs.core.ecs.schedule import EcsTarget, Scheduled, ScheduleName, read_name

HERE = "eu-west-1"
EVENTS, SCHEDULER = (f"arn:aws:{service}:eu-west-1:123456789012:" for service in ("events", "scheduler"))


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("nightly", ScheduleName("default", "nightly"), "rule nightly"),
        ("rule/orders/nightly", ScheduleName("orders", "nightly"), "rule orders/nightly"),
        ("rule/aws.partner/x/y/all", ScheduleName("aws.partner/x/y", "all"), "rule aws.partner/x/y/all"),
        ("jobs/hourly", ScheduleName("jobs", "hourly", is_rule=False), "schedule jobs/hourly"),
        ("schedule/jobs/hourly", ScheduleName("jobs", "hourly", is_rule=False), "schedule jobs/hourly"),
        (f"{EVENTS}rule/nightly", ScheduleName("default", "nightly", HERE), "rule nightly"),
        (f"{EVENTS}rule/orders/nightly", ScheduleName("orders", "nightly", HERE), "rule orders/nightly"),
        (f"{SCHEDULER}schedule/jobs/h", ScheduleName("jobs", "h", HERE, is_rule=False), "schedule jobs/h"),
    ],
)
def test_how_they_are_named(text: str, name: ScheduleName, words: str) -> None:
    assert read_name(text) == name
    assert name.words == words
    assert read_name(str(name)) == name._replace(region="")


@pytest.mark.parametrize("text", ["a/b/c", "a b", "", "/x", "arn:aws:ecs:eu-west-1:1:x/y", "n" * 65, "nightly\n"])
def test_what_names_none_of_them(text: str) -> None:
    assert read_name(text) is None


def test_what_of_a_body_starts_tasks() -> None:
    task = {"Id": "1", "Arn": "cluster", "RoleArn": "role", "EcsParameters": {"TaskDefinitionArn": "a/web:1"}}
    odd = [
        None,
        {"Id": "2"},
        {"Id": "3", "EcsParameters": {"TaskDefinitionArn": None}},
        {"Id": "4", "EcsParameters": 1},
    ]
    rule = Scheduled({"Targets": [*odd, task]})
    assert rule.targets == (EcsTarget("1", "cluster", "a/web:1", "role"),)
    assert (rule.definition("1"), rule.definition("2")) == ("a/web:1", None)
    assert Scheduled({"Targets": None}).targets == Scheduled({}).targets == ()
    assert [EcsTarget("", "", f"a/{name}", "").is_bare for name in ("web", "web:*", "web:1")] == [True, True, False]


def test_pages_are_gone_through_until_a_token_repeats() -> None:
    listings: tuple[tuple[Any, dict[str, Any], tuple[Any, ...]], ...] = (
        (ListEventBuses(region=HERE), {"EventBuses": [{"Name": "a"}], "NextToken": "t"}, ("a",)),
        (ListRules(region=HERE, bus="a"), {"Rules": [{"Name": "r", "ManagedBy": "x"}], "NextToken": "t"}, (Rule("r", "default", "x"),)),
        (ListSchedules(region=HERE), {"Schedules": [{"Name": "s", "GroupName": "g"}], "NextToken": "t"}, (ListedSchedule("g", "s", ""),)),
    )  # fmt: skip
    for first, body, entries in listings:
        page = first.read(body)
        assert page.entries == entries
        second = first.next(page)
        assert second is not None
        assert second.members() == {**first.members(), "NextToken": "t"}
        assert second.next(page) is None


@pytest.mark.parametrize(
    "call", [ListTargetsByRule(region=HERE, bus="a", name="r"), GetSchedule(region=HERE, group="g", name="s")]
)
def test_what_is_no_whole_answer(call: ListTargetsByRule | GetSchedule) -> None:
    with pytest.raises(NotWholeError):
        call.read(b'{"Targets": {}, "Target": []}')


def test_the_place_of_what_is_sent_as_it_is_is_held_by_what_the_api_insists_on() -> None:
    body = {"Name": "s", "Arn": "arn", "Target": {"Strange": 1}}
    update = UpdateSchedule(region=HERE, group="g", name="s", body=body)
    put = PutTargets(region=HERE, bus="a", name="r", body={"Targets": [{"Strange": 1}]})
    assert update.members() == {"Name": "s", "GroupName": "g", "Target": {"Strange": 1}}
    assert "Strange" not in f"{update.known_members()} {put.known_members()}"


def test_failed_entries_are_told_even_where_aws_only_counts_them() -> None:
    put = PutTargets(region=HERE, bus="a", name="r", body={"Targets": []})
    assert put.read({"FailedEntryCount": 0}) == ()
    assert put.read({"FailedEntryCount": 2}) == (FailedEntry("", "", ""),) * 2
    failed = {"TargetId": "1", "ErrorCode": "Code", "ErrorMessage": "why"}
    assert put.read({"FailedEntryCount": 1, "FailedEntries": [failed]}) == (FailedEntry("1", "Code", "why"),)
