"""A world from a file, and everything that is wrong with the file, told at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.simulator import scenario
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.faults import Effect, Rule
from drone_deploy_ecs.simulator.model import Breaker, Hook
from drone_deploy_ecs.simulator.pages import Page, Site
from drone_deploy_ecs.simulator.permissions import read_policy
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from tests.simulator.watching import settle, update

if TYPE_CHECKING:
    from pathlib import Path

    from drone_deploy_ecs.simulator.world import World

TOML = """
seed = 7
region = "us-gov-west-1"
partition = "aws-us-gov"
account = "210987654321"
quotas = true
timing = { draining = 30, tick = 5.0 }
clusters = { prod = 3 }
[images."shop:2"]
exits_after = 0
exit_code = 3
log = ["boom", "gone"]
digest = "sha256:abc"
[[services]]
cluster = "prod"
name = "web"
image = "shop:1"
desired = 2
idle_events = 120
breaker = { rollback = false, threshold = 5 }
hook = { after = 5 }
[[services]]
cluster = "prod"
name = "agent"
task_definition = { family = "agent", containerDefinitions = [{ name = "a", image = "agent:1" }] }
scheduling = "DAEMON"
[[faults]]
effect = "throttle"
operation = "DescribeServices"
last = 3
until = 90
"""
JSON: dict[str, Any] = {
    "seed": 7, "region": "us-gov-west-1", "partition": "aws-us-gov", "account": "210987654321", "quotas": True,
    "timing": {"draining": 30, "tick": 5.0}, "clusters": {"prod": 3},
    "images": {"shop:2": {"exits_after": 0, "exit_code": 3, "log": ["boom", "gone"], "digest": "sha256:abc"}},
    "services": [
        {"cluster": "prod", "name": "web", "image": "shop:1", "desired": 2, "idle_events": 120,
         "breaker": {"rollback": False, "threshold": 5}, "hook": {"after": 5}},
        {"cluster": "prod", "name": "agent", "scheduling": "DAEMON",
         "task_definition": {"family": "agent", "containerDefinitions": [{"name": "a", "image": "agent:1"}]}},
    ],
    "faults": [{"effect": "throttle", "operation": "DescribeServices", "last": 3, "until": 90}],
}  # fmt: skip
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ecs:DescribeServices", "Resource": "*"}],
}


def loaded(tmp_path: Path, name: str, text: str) -> World:
    (tmp_path / name).write_text(text)
    return scenario.load(str(tmp_path / name))


@pytest.mark.parametrize(("name", "text"), [("a.toml", TOML), ("a.json", json.dumps(JSON))])
def test_a_file_becomes_a_world(tmp_path: Path, name: str, text: str) -> None:
    world = loaded(tmp_path, name, text)
    service, agent = world.service("prod", "web"), world.service("prod", "agent")
    assert world.arn_prefix == "arn:aws-us-gov:ecs:us-gov-west-1:210987654321:"
    assert (world.timing.draining, world.timing.tick) == (30, 5)
    assert (service.runs, service.breaker) == ({"web:1": 2}, Breaker(rollback=False, threshold=5))
    assert service.hook == Hook(after=5)
    assert len(service.events) == 100
    assert sum(one.message.endswith("steady state.") for one in service.events) == 99
    assert (agent.runs, agent.maximum_percent) == ({"agent:1": 3}, 100)
    script = Behaviour(exits_after=0, exit_code=3, log=("boom", "gone"))
    assert world.images.resolve("shop:2") == ("sha256:abc", script)
    assert world.faults.keeps_quotas
    assert world.faults.rules == [Rule(effect=Effect.THROTTLE, operation="DescribeServices", last=3, until=90)]


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    bad = {
        "sed": 1,
        "timing": {"tik": 5, "tick": "fast"},
        "clusters": {"prod": "many"},
        "images": {
            "shop:1": {"exit_cod": 3, "exits_after": "soon"},
            "shop:2": 7,
            "shop:3": {"log": "boom"},
            "shop:4": {"log": [1]},
        },
        "services": [{"name": "web", "desired": True, "breaker": {"enable": True}, "hook": {"arn": "x"}}, "web"],
        "faults": [{"effect": "throtle", "chance": "often"}, 3],
    }
    with pytest.raises(Refused) as refused:
        loaded(tmp_path, "bad.json", json.dumps(bad))
    assert [one.what for one in refused.value.problems] == [
        "the scenario has 'sed', which isn't known",
        "timing has 'tik', which isn't known",
        "timing has tick 'fast'",
        "clusters has prod 'many'",
        "image shop:1 has 'exit_cod', which isn't known",
        "image shop:1 has exits_after 'soon'",
        "image shop:2 isn't a table, but 7",
        "image shop:3 has log 'boom'",
        "image shop:4 has log [1]",
        "service 1 has desired True",
        "service 1, breaker has 'enable', which isn't known",
        "service 1, hook has 'arn', which isn't known",
        "service 1 has no cluster",
        "service 2 isn't a table, but 'web'",
        "fault 1 has chance 'often'",
        "fault 1 has the effect 'throtle'",
        "fault 2 isn't a table, but 3",
        "fault 2 has the effect None",
    ]


def test_a_policy_is_all_that_callers_may_do(tmp_path: Path) -> None:
    world = loaded(tmp_path, "a.json", json.dumps({**JSON, "policy": POLICY}))
    assert world.policy == read_policy(POLICY)
    with pytest.raises(Refused, match=r"policy can't be enforced: .*drone-deploy-ecs policy prints"):
        loaded(tmp_path, "a.json", json.dumps({"policy": {"Statement": [{"Effect": "Deny"}]}}))


def test_tables_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        loaded(tmp_path, "bad.json", json.dumps({"images": [], "services": {}, "seed": 1.5, "quotas": 1}))
    assert [one.what for one in refused.value.problems] == [
        "the scenario has images []",
        "the scenario has services {}",
        "the scenario has seed 1.5",
        "the scenario has quotas 1",
    ]


@pytest.mark.parametrize(("name", "text"), [("a.toml", "= 1"), ("a.json", "{"), ("b.json", "[]"), ("missing.json", "")])
def test_an_unreadable_file_is_refused(tmp_path: Path, name: str, text: str) -> None:
    if text:
        (tmp_path / name).write_text(text)
    with pytest.raises(Refused, match="can't be read"):
        scenario.load(str(tmp_path / name))


@pytest.mark.parametrize(
    ("image", "completes"),
    [("shop:2", True), ("shop:slow", True), ("shop:crash", False), ("shop:missing", False), ("shop:unhealthy", False)],
)
def test_the_default_scenario_has_something_for_everybody(*, image: str, completes: bool) -> None:
    world = scenario.default()
    world.services["prod", "web"] = world.services["demo", "web"]
    world.clusters["prod"] = 2
    update(world, image)
    assert settle(world, within=900) is completes


CANARY = """
numbers = ["0123456789012345678"]
[[services]]
cluster = "prod"
name = "web"
strategy = "CANARY"
target_group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
alarms = ["errors"]
alarms_roll_back = false
listed_after = 10
current_after = 5
[services.shifting]
bake_minutes = 1
step_percent = 10
step_bake_minutes = 2
obstacles = { CLEAN_UP = "no" }
[[services.shifting.hooks]]
stages = ["POST_SCALE_UP"]
is_pause = true
timeout_minutes = 30
"""


def test_a_strategy_of_ecs_s_own(tmp_path: Path) -> None:
    world = loaded(tmp_path, "canary.toml", CANARY)
    web = world.service("prod", "web")
    assert web.shifting == Shifting(
        bake_minutes=1,
        step_percent=10,
        step_bake_minutes=2,
        obstacles={"CLEAN_UP": "no"},
        hooks=(LifecycleHook(stages=("POST_SCALE_UP",), is_pause=True, timeout_minutes=30),),
    )
    assert (web.alarms, web.alarms_roll_back, web.listed_after, web.current_after) == (("errors",), False, 10, 5)
    assert update(world) == "ecs-svc/0123456789012345678"


def test_what_is_wrong_with_one(tmp_path: Path) -> None:
    hook = {"stages": ["SCALE_UP"], "answer": "PERHAPS", "what": 1}
    shifting = {"bake": 3, "balancer": "CLB", "hooks": [hook, 3]}
    service = {"cluster": "prod", "name": "web", "shifting": shifting}
    with pytest.raises(Refused) as refused:
        loaded(tmp_path, "bad.json", json.dumps({"services": [service, {**service, "shifting": 3}]}))
    assert [one.what for one in refused.value.problems] == [
        "service 1, shifting has 'bake', which isn't known",
        "service 1, shifting, hook 1 has 'what', which isn't known",
        "service 1, shifting, hook 1 has the stages ['SCALE_UP']",
        "service 1, shifting, hook 2 isn't a table, but 3",
        "service 1, shifting, hook 2 has the stages None",
        "service 1, shifting has the balancer 'CLB'",
        "service 1, shifting, hook 1 has the answer 'PERHAPS'",
        "service 2 has shifting 3",
        "service 2, shifting isn't a table, but 3",
    ]


SHOP = """
[[services]]
cluster = "prod"
name = "web"
[sites."shop.example"]
services = ["prod/web"]
unreachable = [60, 90]
[pages."shop:2"]
statuses = [200, 503]
answers_after = 5
moved = { "/" = "/in" }
"""


def test_what_users_are_answered(tmp_path: Path) -> None:
    world = loaded(tmp_path, "shop.toml", SHOP)
    assert world.sites == {"shop.example": Site(services=("prod/web",), unreachable=(60, 90))}
    assert world.pages == {"shop:2": Page(statuses=(200, 503), answers_after=5, moved={"/": "/in"})}


def test_what_is_wrong_with_that(tmp_path: Path) -> None:
    bad = {
        "services": [{"cluster": "prod", "name": "web"}],
        "pages": {"a": {"statuses": ["ok"], "body": 3}, "b": {"statuses": []}, "c": 3},
        "sites": {
            "d": {"services": ["prod/api"]},
            "e": {"services": ["prod/web"], "unreachable": [1]},
            "f": 3,
            "g": {},
        },
    }
    with pytest.raises(Refused) as refused:
        loaded(tmp_path, "bad.json", json.dumps(bad))
    assert [one.what for one in refused.value.problems] == [
        "page a has body 3",
        "page a has the statuses ['ok']",
        "page b has the statuses []",
        "page c isn't a table, but 3",
        "site d has the services ['prod/api']",
        "site e is unreachable [1]",
        "site f isn't a table, but 3",
        "site f has the services None",
        "site g has the services None",
    ]


SCHEDULED = """
[[services]]
cluster = "prod"
name = "web"

[[rules]]
name = "nightly"
bus = "orders"
managed_by = "somebody"
targets = [{ cluster = "prod", task_definition = "web:1", role = "arn:aws:iam::1:role/x" }, { cluster = "prod", task_definition = "web", members = { Id = "last" } }]

[[schedules]]
name = "hourly"
cluster = "prod"
task_definition = "web:1"
members = { State = "DISABLED" }
"""


def test_what_starts_tasks_by_itself(tmp_path: Path) -> None:
    world = loaded(tmp_path, "schedules.toml", SCHEDULED)
    assert world.schedules.runs == {"rule/orders/nightly": "web:1 and web", "default/hourly": "web:1"}
    rule = world.schedules.rules["orders", "nightly"]
    assert [target["Id"] for target in rule["Targets"]] == ["1", "last"]
    assert (rule["ManagedBy"], rule["Targets"][0]["RoleArn"]) == ("somebody", "arn:aws:iam::1:role/x")
    assert world.schedules.schedules["default", "hourly"]["State"] == "DISABLED"


def test_what_is_wrong_with_what_starts_tasks(tmp_path: Path) -> None:
    bad = {"rules": [{"targets": [{"cluster": 1}, 2]}, 3], "schedules": [{"name": "x", "bus": "y", "cluster": "prod"}]}
    with pytest.raises(Refused) as refused:
        loaded(tmp_path, "bad.json", json.dumps(bad))
    assert [one.what for one in refused.value.problems] == [
        "rule 1 has no name",
        "rule 2 isn't a table, but 3",
        "rule 1, target 1 has cluster 1",
        "rule 1, target 1 has no task_definition",
        "rule 1, target 2 isn't a table, but 2",
        "schedule 1 has 'bus', which isn't known",
        "schedule 1 has no task_definition",
    ]
