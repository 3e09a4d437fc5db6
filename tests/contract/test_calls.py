"""Every class of call against botocore's own model of its service, and against both faces of the simulator."""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, StructureShape
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.core.calls.autoscaling import DescribeScalableTargets, RegisterScalableTarget
from drone_deploy_ecs.core.calls.catalogue import BY_OPERATION, CALLS
from drone_deploy_ecs.core.calls.cloudwatch import DescribeAlarms
from drone_deploy_ecs.core.calls.ecr import BatchGetImage, DescribePullThroughCacheRules, GetDownloadUrlForLayer
from drone_deploy_ecs.core.calls.ecs import (
    DeregisterTaskDefinition,
    DescribeServices,
    DescribeTaskDefinition,
    DescribeTasks,
    ListServices,
    ListTasks,
    RegisterTaskDefinition,
    UpdateService,
)
from drone_deploy_ecs.core.calls.elb import DescribeListeners, DescribeRules, DescribeTargetGroups, DescribeTargetHealth
from drone_deploy_ecs.core.calls.events import (
    DescribeRule,
    ListEventBuses,
    ListRules,
    ListTargetsByRule,
    PutTargets,
)
from drone_deploy_ecs.core.calls.functions import GetFunctionConfiguration
from drone_deploy_ecs.core.calls.iam import GetRole
from drone_deploy_ecs.core.calls.listings import ListClusters, ListTaskDefinitions
from drone_deploy_ecs.core.calls.logs import DescribeLogGroups, GetLogEvents
from drone_deploy_ecs.core.calls.parameters import GetParameters
from drone_deploy_ecs.core.calls.schedules import GetSchedule, ListSchedules, UpdateSchedule
from drone_deploy_ecs.core.calls.secrets import DescribeSecret, GetSecretValue
from drone_deploy_ecs.core.calls.service_deployments import (
    ContinueServiceDeployment,
    DescribeServiceDeployments,
    DescribeServiceRevisions,
    ListServiceDeployments,
    StopServiceDeployment,
)
from drone_deploy_ecs.core.calls.tags import TagResource
from drone_deploy_ecs.core.calls.tasks import RunTask, StopTask
from drone_deploy_ecs.core.ecs.launch import Launch
from drone_deploy_ecs.core.ecs.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.core.ecs.wire import Wire
from drone_deploy_ecs.core.request.request import Access
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import built_for
from drone_deploy_ecs.simulator.clock import START
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from drone_deploy_ecs.simulator.traffic import rule_arn
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.contract.test_shapes import strange_values
from tests.laws.structs import structs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.call import Call

HERE = "eu-west-1"
ACCOUNT = "123456789012"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{HERE}.amazonaws.com"
ARM = "sha256:" + sha256(b'{"architecture": "arm64", "os": "linux"}').hexdigest()
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
IAM = {"monitoring": "cloudwatch"}
"""Where IAM's name of a service isn't the one that calls are signed for."""
SPOKEN = ("ecs", "application-autoscaling", "logs", "secretsmanager", "ecr", "ssm", "events", "scheduler")
"""Services whose protocol the simulator speaks over HTTP."""

names = st.text("abcdefghijklmnopqrstuvwxyz-0123456789", min_size=1, max_size=40)
tokens = st.one_of(st.just(""), names)
lists = st.lists(names, min_size=1, max_size=10).map(tuple)
limits = structs(
    Limits, st.integers(0, 9), st.integers(9, 99), st.frozensets(st.sampled_from(sorted(SUSPENSIONS)), max_size=3)
)
registries = st.text("0123456789", min_size=12, max_size=12)
repositories = st.sampled_from(["shop", "team/shop", "a-b_c.d/e"])
digests = st.one_of(st.just(""), st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format))
targets = st.fixed_dictionaries({
    "Id": names, "Arn": names, "RoleArn": names, "EcsParameters": st.fixed_dictionaries({"TaskDefinitionArn": names}),
})  # fmt: skip
rules = st.fixed_dictionaries({"Targets": st.lists(targets, min_size=1, max_size=5)})
schedules = st.fixed_dictionaries({
    "Name": names, "Arn": names, "CreationDate": st.just(1.7e9), "EndDate": st.just(1.8e9), "ScheduleExpression": names,
    "FlexibleTimeWindow": st.just({"Mode": "OFF"}), "Target": targets.map(lambda target: {name: target[name] for name in target if name != "Id"}),
})  # fmt: skip
bodies = st.builds(task_definition, names, names, names, cpu=st.sampled_from(["256", "512"]))
launches = structs(
    Launch,
    launch_type=st.sampled_from(["", "FARGATE", "EC2"]),
    providers=st.sampled_from([(), ({"capacityProvider": "FARGATE_SPOT", "weight": 1},)]),
    platform_version=st.sampled_from(["", "LATEST"]),
    network=st.sampled_from([{}, {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}}]),
    constraints=st.sampled_from([(), ({"type": "distinctInstance"},)]),
    has_exec=st.booleans(),
    has_managed_tags=st.booleans(),
    volumes=st.sampled_from([(), ({"name": "data", "managedEBSVolume": {"sizeInGiB": 10, "roleArn": "role"}},)]),
    propagates=st.sampled_from(["", "SERVICE", "TASK_DEFINITION", "NONE"]),
)
MEMBERS: dict[type[Call[Any]], dict[str, st.SearchStrategy[Any]]] = {
    DescribeServices: {"cluster": names, "services": lists, "tags": st.booleans()},
    UpdateService: {
        "cluster": names, "name": names, "definition": tokens, "desired": st.one_of(st.none(), st.integers(0, 5000)),
        "force": st.booleans(),
    },
    ListServices: {"cluster": names, "token": tokens},
    ListServiceDeployments: {"cluster": names, "name": names, "after": st.none() | st.datetimes(timezones=st.just(UTC)),
                             "status": st.sampled_from([(), ("IN_PROGRESS",), ("PENDING", "IN_PROGRESS")])},
    ListTasks: {"cluster": names, "name": names, "status": st.sampled_from(["RUNNING", "STOPPED"]), "token": tokens, "started_by": tokens, "family": tokens},
    RunTask: {"cluster": names, "definition": names, "container": names, "command": lists, "token": names, "started_by": names,
              "launch": launches, "tags": st.sampled_from([(), (("team", "shop"),)])},
    StopTask: {"cluster": names, "task": names, "reason": names},
    DescribeTasks: {"cluster": names, "tasks": lists},
    DescribeTaskDefinition: {"name": names},
    RegisterTaskDefinition: {"body": bodies},
    DeregisterTaskDefinition: {"name": names},
    ListClusters: {"token": tokens},
    ListTaskDefinitions: {"family": names, "token": tokens},
    TagResource: {"arn": names, "key": names, "value": names},
    DescribeServiceDeployments: {"arns": lists},
    DescribeServiceRevisions: {"arns": lists},
    StopServiceDeployment: {"arn": names},
    ContinueServiceDeployment: {"arn": names, "hook": names, "action": st.sampled_from(["CONTINUE", "ROLLBACK"])},
    DescribeScalableTargets: {"cluster": names, "services": lists},
    RegisterScalableTarget: {"cluster": names, "name": names, "limits": limits},
    DescribeTargetHealth: {"target_group": names},
    DescribeTargetGroups: {"target_groups": lists},
    DescribeRules: {"rules": lists},
    DescribeListeners: {"listeners": lists},
    DescribeAlarms: {"names": lists},
    GetLogEvents: {"group": names, "stream": names, "limit": st.integers(1, 10**6), "token": tokens, "from_start": st.booleans()},
    DescribeLogGroups: {"group": names},
    GetSecretValue: {"name": names},
    DescribeSecret: {"name": names},
    BatchGetImage: {"registry": registries, "repository": repositories, "tag": names, "digest": digests},
    GetDownloadUrlForLayer: {"registry": registries, "repository": repositories, "digest": digests.filter(bool)},
    DescribePullThroughCacheRules: {"registry": registries},
    GetParameters: {"names": lists},
    GetRole: {"name": names},
    GetFunctionConfiguration: {"name": names},
    ListEventBuses: {"token": tokens},
    ListRules: {"bus": names, "token": tokens},
    DescribeRule: {"bus": names, "name": names},
    ListTargetsByRule: {"bus": names, "name": names},
    PutTargets: {"bus": names, "name": names, "body": rules},
    ListSchedules: {"token": tokens},
    GetSchedule: {"group": names, "name": names},
    UpdateSchedule: {"group": names, "name": names, "body": schedules},
}  # fmt: skip


@cache
def model(service: str) -> ServiceModel:
    """As botocore loads it."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def output(call: type[Call[Any]]) -> StructureShape:
    shape = model(call.service).operation_model(call.operation).output_shape
    assert isinstance(shape, StructureShape)
    return shape


def misfits(shape: StructureShape, members: dict[str, Any]) -> list[str]:
    """What botocore's own check finds, and enum values that it lets pass."""
    report = ParamValidator().validate(members, shape)
    return [*report.generate_report().splitlines(), *strange_values(shape, members)]


def test_every_class_is_tried() -> None:
    assert set(MEMBERS) == set(CALLS)
    assert len(BY_OPERATION) == len(CALLS)


@pytest.mark.parametrize("kind", CALLS, ids=lambda kind: kind.operation)
@given(data=st.data())
@settings(max_examples=25)
def test_every_request_fits_botocores_model(kind: type[Call[Any]], data: st.DataObject) -> None:
    call = kind(region=HERE, **data.draw(st.fixed_dictionaries(MEMBERS[kind])))
    shape = model(call.service).operation_model(call.operation).input_shape
    assert isinstance(shape, StructureShape)
    assert misfits(shape, call.members()) == []
    assert misfits(shape, call.known_members()) == []
    assert call.is_raw or call.members() == call.known_members()


def structures() -> Iterator[frozenset[str]]:
    """The members of everything that these services answer with, or are asked with."""
    for service in sorted({call.service for call in CALLS}):
        known = model(service)
        shapes = (known.shape_for(name) for name in known.shape_names)
        yield from (frozenset(shape.members) for shape in shapes if isinstance(shape, StructureShape))


def parts(kind: type[Wire]) -> Iterator[type[Wire]]:
    for part in kind.__subclasses__():
        yield part
        yield from parts(part)


@pytest.mark.parametrize("part", [*parts(Wire)], ids=lambda part: f"{part.__module__}.{part.__name__}")
def test_every_part_of_an_answer_is_one_of_botocores_model(part: type[Wire]) -> None:
    assert [members for members in structures() if set(part.__struct_encode_fields__) <= members]


@pytest.mark.parametrize("kind", CALLS, ids=lambda kind: kind.operation)
def test_iam_calls_it_so(kind: type[Call[Any]]) -> None:
    signed_for = model(kind.service).signing_name
    assert kind.permission == f"{IAM.get(signed_for, signed_for)}:{kind.operation}"


@pytest.mark.parametrize("kind", CALLS, ids=lambda kind: kind.operation)
def test_every_class_says_how_it_may_be_called(kind: type[Call[Any]]) -> None:
    assert kind.__doc__
    assert kind.quota.burst >= 1
    assert kind.quota.rate > 0
    assert 0 < kind.timeout.connect < kind.timeout.read
    assert kind.most >= 1
    writing = ("Update", "Register", "Deregister", "Put", "Run", "Stop", "Continue", "Tag")
    assert kind.writes is kind.operation.startswith(writing)


RUN = RunTask(
    region=HERE, cluster="prod", definition="web:1", container="app", command=("./migrate",), token="t", started_by="me"
)
"""It is answered with the task that the world has already: its token is the same."""


def world() -> World:
    """Something to find for every call in `ASKED`."""
    found = World()
    web = found.add_service("prod", "web", task_definition(), target_group=GROUP, alarms=("errors",))
    web.tripped["errors"] = "12 > 10"
    pause = LifecycleHook(stages=("PRE_SCALE_UP",), is_pause=True)
    for name, balancer in (("shop", "ALB"), ("queue", "NLB")):
        group = GROUP.replace("/web/", f"/{name}/")
        shifting = Shifting(hooks=(pause,), balancer=balancer)
        found.add_service("prod", name, task_definition(name), target_group=group, strategy="CANARY", shifting=shifting)
        found.deploy(found.service("prod", name), found.register(task_definition(name, "shop:2")))
    found.clock.sleep(1)
    found.scaling.add("prod", "web", 1, 9)
    found.secrets["production-shop"] = "{}"
    found.push(f"{REGISTRY}/shop:arm", built_for("arm64", is_index=False))
    found.caches.append("docker-hub")
    Operations(found).answer("RunTask", RUN.members())
    found.register(task_definition())
    kept = found.schedules
    kept.add_rule("nightly", kept.target("prod", "web:1"), {"Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f"})
    kept.add_schedule("hourly", kept.target("prod", "web:1"), "jobs", EndDate=1.8e9)
    return found


def asked(found: World) -> tuple[Call[Any], ...]:
    task = found.service("prod", "web").tasks[0].id
    shop, queue = found.service("prod", "shop"), found.service("prod", "queue")
    newest = shop.history[-1]
    assert newest.shift is not None
    (waiting,) = newest.shift.runs
    arn = shop.deployment_arn(newest)
    return (
        DescribeServices(region=HERE, cluster="prod", services=("web", "api")),
        UpdateService(region=HERE, cluster="prod", name="web", definition="web:1", force=True),
        ListServices(region=HERE, cluster="prod"),
        ListTasks(region=HERE, cluster="prod", name="web", status="RUNNING"),
        DescribeTasks(region=HERE, cluster="prod", tasks=(task,)),
        DescribeTaskDefinition(region=HERE, name="web"),
        RegisterTaskDefinition(region=HERE, body=task_definition(tags=[{"key": "a", "value": "b"}])),
        DeregisterTaskDefinition(region=HERE, name="web:2"),
        ListClusters(region=HERE),
        ListTaskDefinitions(region=HERE, family="web"),
        RUN,
        StopTask(region=HERE, cluster="prod", task=found.one_offs.tasks[0].id, reason="no longer wanted"),
        TagResource(region=HERE, arn=found.definitions.arns()[0], key="drone-deploy-ecs:build", value="7"),
        ListServiceDeployments(region=HERE, cluster="prod", name="web", after=START - timedelta(days=2)),
        DescribeServiceDeployments(
            region=HERE, arns=(arn, "arn:aws:ecs:eu-west-1:123456789012:service-deployment/p/w/1")
        ),
        DescribeServiceRevisions(region=HERE, arns=(shop.revision_arn(newest),)),
        StopServiceDeployment(region=HERE, arn=queue.deployment_arn(queue.history[-1])),
        ContinueServiceDeployment(region=HERE, arn=arn, hook=waiting.id),
        DescribeScalableTargets(region=HERE, cluster="prod", services=("web", "api")),
        RegisterScalableTarget(region=HERE, cluster="prod", name="web", limits=Limits(1, 8)),
        DescribeTargetHealth(region=HERE, target_group=GROUP),
        DescribeTargetGroups(region=HERE, target_groups=(GROUP,)),
        DescribeRules(region=HERE, rules=(rule_arn(shop, "production"), rule_arn(shop, "test"))),
        DescribeListeners(region=HERE, listeners=(rule_arn(queue, "production"),)),
        DescribeAlarms(region=HERE, names=("errors", "latency")),
        GetLogEvents(region=HERE, group="/ecs/web", stream=f"ecs/app/{task}", limit=2),
        DescribeLogGroups(region=HERE, group="/ecs/web"),
        GetSecretValue(region=HERE, name="production-shop"),
        DescribeSecret(region=HERE, name="production-shop"),
        BatchGetImage(region=HERE, registry=ACCOUNT, repository="shop", tag="2"),
        GetDownloadUrlForLayer(region=HERE, registry=ACCOUNT, repository="shop", digest=ARM),
        DescribePullThroughCacheRules(region=HERE, registry=ACCOUNT),
        GetParameters(region=HERE, names=("/shop/key", "/shop/other")),
        GetRole(region=HERE, name="shop"),
        GetFunctionConfiguration(region=HERE, name="gate"),
        ListEventBuses(region=HERE),
        ListRules(region=HERE, bus="default"),
        DescribeRule(region=HERE, bus="default", name="nightly"),
        ListTargetsByRule(region=HERE, bus="default", name="nightly"),
        PutTargets(
            region=HERE,
            bus="default",
            name="nightly",
            body={"Targets": [found.schedules.target("prod", "web:2", Id="1")]},
        ),
        ListSchedules(region=HERE),
        GetSchedule(region=HERE, group="jobs", name="hourly"),
        UpdateSchedule(region=HERE, group="jobs", name="hourly", body=found.schedules.schedules["jobs", "hourly"]),
    )


@pytest.mark.parametrize("number", range(len(CALLS)), ids=[kind.operation for kind in CALLS])
def test_the_simulator_answers_every_call_as_botocore_would_read_it(number: int) -> None:
    found = world()
    call = asked(found)[number]
    assert type(call) is CALLS[number]
    answer = Operations(found).call(call.operation, call.members())
    assert misfits(output(type(call)), dict(answer)) == []
    if not call.follows:
        call.read(answer)


def test_both_faces_of_the_simulator_read_and_record_a_call_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = world(), world()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with Server(there) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        wired, simulated = connect(Access(HERE)), SimulatedAws(here)
        for call in asked(here):
            if call.service in SPOKEN:
                assert wired.send(call) == simulated.send(call)
    assert there.faults.log == here.faults.log
    shop = ":service-deployment/prod/shop/"
    told = [about for _, _, about in here.faults.log if about and not about.startswith("arn:")]
    assert [about.count(shop) for _, _, about in here.faults.log if ":service-" in about] == [1, 0, 0, 1]
    assert told == [
        "web,api", "web", "web", "web", "with tags", "web:2", "web", "web:1", here.one_offs.tasks[0].id, "web", "web,api", "web", "/ecs/web", "/ecs/web",
        "production-shop", "production-shop", "shop", "shop", "/shop/key,/shop/other",
        "default", "nightly", "nightly", "nightly", "jobs/hourly", "jobs/hourly",
    ]  # fmt: skip
