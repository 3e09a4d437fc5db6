"""More than the image of one container: each edit alone, all together, good and rolled back; and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.faults import Effect, Killed
from drone_deploy_ecs.simulator.model import Hook
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import PLUGIN
from tests.stories.test_colours import COLOURS, coloured
from tests.stories.test_switch import SWITCH, two_sides

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stories.story import Teller, Told

DB = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
HIDDEN = "correct-horse-battery"
ALL: dict[str, Any] = {
    "tag": "3",
    "images": '{"proxy": "envoy:2"}',
    "environment": json.dumps({"RELEASE": 8080, "CACHE": True, "TOKEN": HIDDEN, "OLD": None}),
    "secrets": json.dumps({"PASSWORD": DB}),
    "patch": json.dumps({"cpu": "512", "containerDefinitions": {
        "app": {"command": ["serve", HIDDEN], "dependsOn": {"proxy": {"condition": "START"}}},
        "metrics": {"image": "metrics:1", "essential": False},
    }}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """No image is asked for unless a story does."""
    monkeypatch.setitem(PLUGIN, "PLUGIN_IMAGE", "")


def body(family: str = "web", tag: str = "1", **members: Any) -> dict[str, Any]:
    """Containers app and proxy; app has variables OLD and PASSWORD."""
    made = task_definition(family, f"shop:{tag}", **members)
    variables = [{"name": "OLD", "value": "an-old-value"}, {"name": "PASSWORD", "value": "in-clear-text"}]
    made["containerDefinitions"][0]["environment"] = variables
    made["containerDefinitions"].append({"name": "proxy", "image": "envoy:1", "unheardOf": {"deep": [1]}})
    return made


def world_of_two(*services: str) -> World:
    """These services, of family web each unless there is a slash."""
    world = World()
    world.push("shop:crash", crash(1))
    for name in services or ("web",):
        world.add_service("prod", name, body(name if name != "web-spot" else "web"))
    return world


def registered(world: World, name: str = "web") -> dict[str, Any]:
    definition: dict[str, Any] = world.definitions.describe(name)["taskDefinition"]
    return definition


def container(world: World, name: str, family: str = "web") -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in registered(world, family)["containerDefinitions"] if each["name"] == name
    )
    return found


def wrote_nothing(told: Told) -> None:
    assert told.exit_code == 2
    assert not {"RegisterTaskDefinition", "UpdateService"} & set(told.world.faults.calls)


# --- each alone ---


def test_edits_one_image_for_two_containers(tell: Teller) -> None:
    told = tell(world_of_two(), container="app,proxy", image="shop:2")
    assert told.exit_code == 0
    assert told.world.containers("web") == {"app": "shop:2", "proxy": "shop:2"}


def test_edits_a_tag(tell: Teller) -> None:
    told = tell(world_of_two(), container="app, proxy", tag="2")
    assert told.exit_code == 0
    assert told.world.containers("web") == {"app": "shop:2", "proxy": "envoy:2"}


def test_edits_images(tell: Teller) -> None:
    told = tell(world_of_two(), container="", images="app=shop:2,proxy=envoy:2")
    assert told.exit_code == 0
    assert told.world.containers("web") == {"app": "shop:2", "proxy": "envoy:2"}


def test_edits_images_of_a_file(tell: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tell.tmp_path)
    definitions = [{"name": "app", "imageUri": "shop:crash"}, {"name": "proxy", "imageUri": "envoy:2"}]
    (tell.tmp_path / "imagedefinitions.json").write_text(json.dumps(definitions))
    told = tell(world_of_two(), container="", images="imagedefinitions.json")
    assert told.exit_code == 3
    assert told.world.service("prod", "web").runs == {"web:1": 2}


def test_edits_the_environment(tell: Teller) -> None:
    world = world_of_two()
    planned = tell(world, argv=["plan"], environment=ALL["environment"])
    told = tell(world, environment=ALL["environment"])
    assert (planned.exit_code, told.exit_code) == (0, 0)
    assert HIDDEN not in planned.stdout + told.stderr
    assert container(world, "app")["environment"] == [
        {"name": "PASSWORD", "value": "in-clear-text"},
        {"name": "RELEASE", "value": "8080"},
        {"name": "CACHE", "value": "true"},
        {"name": "TOKEN", "value": HIDDEN},
    ]


def test_edits_secrets(tell: Teller) -> None:
    """What was in clear text before moves."""
    told = tell(world_of_two(), secrets=ALL["secrets"])
    assert told.exit_code == 0
    assert container(told.world, "app")["secrets"] == [{"name": "PASSWORD", "valueFrom": DB}]
    assert container(told.world, "app")["environment"] == [{"name": "OLD", "value": "an-old-value"}]


def test_edits_a_patch(tell: Teller) -> None:
    world = world_of_two()
    planned = tell(world, argv=["plan"], container="", patch=ALL["patch"])
    told = tell(world, container="", patch=ALL["patch"])
    assert (planned.exit_code, told.exit_code) == (0, 0)
    assert HIDDEN not in planned.stdout
    assert registered(world)["cpu"] == "512"
    assert container(world, "proxy")["unheardOf"] == {"deep": [1]}
    assert container(world, "metrics") == {"name": "metrics", "image": "metrics:1", "essential": False}


def file_of(tell: Teller, monkeypatch: pytest.MonkeyPatch, content: Any) -> str:
    monkeypatch.chdir(tell.tmp_path)
    (tell.tmp_path / "web.json").write_text(content if isinstance(content, str) else json.dumps(content, default=str))
    return "web.json"


def test_edits_a_file(tell: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    """What DescribeTaskDefinition answered once, with another image by `image`; then once more, with nothing to do."""
    world = world_of_two()
    described = world.definitions.describe("web")
    described["taskDefinition"] |= {"memory": "1024", "ipcMode": None}
    path = file_of(tell, monkeypatch, described)
    planned = tell(world, argv=["plan"], task_definition=path, image="shop:2")
    told = tell(world, task_definition=path, image="shop:2")
    again = tell(world, task_definition=path, image="shop:2", skip_unchanged="true")
    assert (planned.exit_code, told.exit_code, again.exit_code) == (0, 0, 0)
    assert again.report["verdict"] == "Unchanged"
    assert world.definitions.families() == {"web": 2}
    assert "ipcMode" not in registered(world)


def test_edits_an_existing_revision(tell: Teller) -> None:
    world = world_of_two()
    world.register(body(tag="crash"))
    proven = world.register(body(tag="2"))
    told = tell(world, container="", revision="web:3")
    assert told.exit_code == 0
    assert world.service("prod", "web").primary.task_definition == proven
    assert world.definitions.families() == {"web": 3}
    failed = tell(world, container="", revision=proven.replace(":3", ":2"))
    assert failed.exit_code == 3
    assert world.service("prod", "web").primary.task_definition == proven


def test_edits_that_change_nothing(tell: Teller) -> None:
    """No image is named, so none can have been pushed again: nothing to do."""
    world = world_of_two()
    told = tell(world, environment='{"OLD": "an-old-value", "NEVER": null}')
    assert told.exit_code == 0
    assert told.report["verdict"] == "Unchanged"
    assert world.definitions.families() == {"web": 1}


# --- all together ---


def test_edits_all_of_them(tell: Teller) -> None:
    world = world_of_two()
    planned = tell(world, argv=["plan"], **ALL)
    told = tell(world, **ALL)
    assert (planned.exit_code, told.exit_code) == (0, 0)
    assert HIDDEN not in planned.stdout + planned.stderr + told.stderr + json.dumps(told.report)
    assert DB not in planned.stdout + planned.stderr + told.stderr + json.dumps(told.report)
    assert world.containers("web") == {"app": "shop:3", "proxy": "envoy:2", "metrics": "metrics:1"}


def test_edits_all_of_them_and_it_crashes(tell: Teller) -> None:
    """The log prints what the edits set: it is masked."""
    world = world_of_two()
    world.push("shop:3", Behaviour(exits_after=1.0, exit_code=1, log=(f"token {HIDDEN}", f"db {DB}")))
    told = tell(world, **ALL)
    assert told.exit_code == 3
    assert world.service("prod", "web").runs == {"web:1": 2}
    assert "token ***TOKEN***" in told.stderr
    assert HIDDEN not in told.stderr + json.dumps(told.report)
    assert DB not in told.stderr + json.dumps(told.report)


def test_edits_shared_by_two_services(tell: Teller) -> None:
    """Web and web-spot are of one family, so they get one revision; worker is of its own."""
    world = world_of_two("web", "web-spot", "worker")
    told = tell(world, service="web,web-spot,worker", environment='{"RELEASE": "42"}')
    assert told.exit_code == 0
    assert world.definitions.families() == {"web": 3, "worker": 2}


def test_edits_on_the_command_line(tell: Teller) -> None:
    flags = (
        "--environment",
        "RELEASE=42",
        "--environment",
        "MOTTO=a=b, c",
        "--secrets",
        f"PASSWORD={DB}",
        "--tag",
        "2",
    )
    world = world_of_two()
    assert tell(world, argv=["deploy", *flags]).exit_code == 0
    variables = {each["name"]: each["value"] for each in container(world, "app")["environment"]}
    assert variables == {"OLD": "an-old-value", "RELEASE": "42", "MOTTO": "a=b, c"}


def test_edits_of_a_switch(tell: Teller) -> None:
    world = two_sides()
    told = tell(world, **SWITCH, environment='{"RELEASE": "42"}', image="shop:2")
    assert told.exit_code == 0
    assert container(world, "app")["environment"] == [{"name": "RELEASE", "value": "42"}]
    again = tell(world, **SWITCH, environment='{"RELEASE": "42"}', image="shop:2", skip_unchanged="true")
    assert again.report["verdict"] == "Unchanged"


def test_edits_of_a_switch_that_crashes(tell: Teller) -> None:
    world = two_sides()
    patch = '{"containerDefinitions": {"app": {"image": "shop:crash"}, "log": {"image": "log:1"}}}'
    told = tell(world, **SWITCH, container="", patch=patch)
    assert told.exit_code == 3
    assert world.service("prod", "web-blue").runs == {"web:1": 10}


def test_edits_of_a_switch_to_an_existing_revision(tell: Teller) -> None:
    world = two_sides()
    proven = world.register(task_definition("web", "shop:2"))
    told = tell(world, **SWITCH, container="", revision="web:3")
    assert told.exit_code == 0
    assert world.service("prod", "web-green").primary.task_definition == proven


def test_edits_of_the_colour_that_is_not_live(tell: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLUGIN, "DRONE_COMMIT_BRANCH", "main")
    world = coloured()
    told = tell(world, **COLOURS, environment='{"RELEASE": "42"}')
    assert told.exit_code == 0
    assert container(world, "app", "green")["environment"] == [{"name": "RELEASE", "value": "42"}]
    assert world.containers("green") == {"app": "shop:2-green"}
    wrote_nothing(tell(coloured(), **COLOURS, tag="2", revision="green:1"))


# --- tags that were pushed again, and runs that were killed ---


def test_edits_two_tags_pushed_again_crash(tell: Teller) -> None:
    world = world_of_two()
    good = dict(world.service("prod", "web").tasks[0].digests)
    world.push("shop:1", crash(1))
    world.push("envoy:1", Behaviour(), digest="sha256:" + "e" * 64)
    told = tell(world, container="", images="app=shop:1,proxy=envoy:1")
    assert told.exit_code == 3
    assert [task.digests for task in world.service("prod", "web").tasks if task.is_running] == [good, good]


def test_edits_two_tags_pushed_again_whose_digests_are_unknown(tell: Teller) -> None:
    world = world_of_two()
    world.faults.add(Effect.DENY, "ListTasks")
    assert tell(world, argv=["plan"], container="", images="app=shop:1,proxy=envoy:1").exit_code == 0


def test_edits_of_a_run_that_was_killed_are_adopted(tell: Teller, plugin: Teller) -> None:
    """It had registered its revision; ECS answers its members in an order of its own, with the defaults filled in."""
    world = world_of_two()
    world.faults.add(Effect.KILL, "RegisterTaskDefinition", last=1)
    with pytest.raises(Killed):
        plugin(world, **ALL)
    kept = world.definitions.find("DescribeTaskDefinition", "web:2")["taskDefinition"]
    for each in kept["containerDefinitions"]:
        each.setdefault("mountPoints", [])
        each.setdefault("essential", True)
        each["environment"] = list(reversed(each.get("environment", [])))
    told = tell(world, **ALL)
    assert told.exit_code == 0
    assert world.definitions.families() == {"web": 2}
    assert world.service("prod", "web").runs == {"web:2": 2}


# --- what is refused ---


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tag": "2", "container": "app,apq"}, "has no container 'apq'. It has: app, proxy."),
        ({"container": "", "images": "web=shop:2"}, "has no container 'web'. It has: app, proxy."),
        ({"patch": '{"containerDefinitions": {"app": null, "proxy": null}}'}, "has no container."),
        ({"patch": '{"containerDefinitions": null}'}, "has no container."),
        ({"patch": '{"containerDefinitions": {"app": {"image": null}}}'}, "has container 'app' without an image."),
        ({"patch": '{"containerDefinitions": {"new": {}}}'}, "has container 'new' without an image."),
        ({"patch": '{"family": "api"}'}, "has another family than web."),
        ({"patch": '{"revision": 7}'}, "patch names revision, which ECS sets itself."),
        ({"patch": '{"cpu": 512}'}, "patch has no text at cpu, where the task definition has one."),
        ({"patch": '{"containerDefinitions": {"app": "shop:2"}}'}, "patch has no object at containerDefinitions[app]."),
        ({"patch": '{"containerDefinitions": {"app": {"name": "web"}}}'}, "gives containerDefinitions[app] another name"),
        ({"patch": '{"containerDefinitions": {"app": {"secrets": {"OLD": {"valueFrom": "x"}}}}}'}, "OLD in environment and in"),
        ({"patch": '{"containerDefinitions": {"app": {"logConfiguration": "awslogs"}}}'}, "isn't an object"),
        ({"revision": "api:1"}, "is of another family than service web, which runs web:1."),
        ({"revision": "web:9"}, "revision web:9 can't be read:"),
        ({"revision": "web:2"}, "revision web:2 has been deregistered"),
        ({"revision": "web:3", "container": "apq"}, "revision web:3 has no container 'apq'."),
    ],
)  # fmt: skip
def test_what_would_be_of_no_use_is_refused(plugin: Teller, settings: dict[str, Any], said: str) -> None:
    world = world_of_two()
    world.register(body("api"))
    world.definitions.deregister(world.register(body(tag="2")))
    world.register(body(tag="3"))
    told = plugin(world, **settings)
    wrote_nothing(told)
    assert said in told.stderr


def test_edits_that_are_refused_all_at_once(tell: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of_two("web", "worker")
    path = file_of(tell, monkeypatch, body("web", tag=HIDDEN))
    wrote_nothing(tell(world, service="web,worker,none", container="app,apq", task_definition=path, tag="2"))
    wrote_nothing(tell(world, task_definition=path, revision="web:1", aws_region="eu-west-1,us-east-1", tag="2"))
    wrote_nothing(tell(world, image="shop:2", tag="2", environment='{"A": "b"}', secrets=f'{{"A": "{DB}"}}'))


def test_edits_that_can_not_be_read(tell: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file_of(tell, monkeypatch, f'{{\n  "family": "web",\n  "containerDefinitions": {{"{HIDDEN}": 1}}\n}}')
    wrote_nothing(tell(world_of_two(), task_definition=path, patch="none.json", environment=f'{{"A": {HIDDEN}}}'))
    wrote_nothing(
        tell(world_of_two(), environment=f'{{"A": {{"from_secret": "{HIDDEN}"}}}}', images=f"app={HIDDEN.upper()}")
    )
    wrote_nothing(tell(world_of_two(), secrets=f'{{"A": "{HIDDEN}"}}', patch=f'["{HIDDEN}"]', revision="web"))
    assert not any(HIDDEN in each.stderr.lower() for each in tell.told)


def test_a_file_without_a_name_in_sight(plugin: Teller, tmp_path: Path) -> None:
    wrote_nothing(plugin(world_of_two(), task_definition=str(tmp_path)))


@pytest.mark.parametrize("setting", [*ALL, "task_definition"])
def test_each_edit_alone_is_taken_back_whole(plugin: Teller, tmp_path: Path, setting: str) -> None:
    """A hook refuses it, so that it fails whatever the image is."""
    world = world_of_two()
    web = world.service("prod", "web")
    former = world.definitions.describe("web:1")["taskDefinition"]["containerDefinitions"]
    web.hook = Hook()
    file = tmp_path / "web.json"
    file.write_text(json.dumps(body(tag="2")))
    told = plugin(world, **{setting: ALL.get(setting, str(file))})
    assert told.exit_code == 3
    assert web.runs == {"web:1": 2}
    assert registered(world)["containerDefinitions"] != former, "there was something to take back"
    assert HIDDEN not in told.stderr + told.stdout + json.dumps(told.report)
