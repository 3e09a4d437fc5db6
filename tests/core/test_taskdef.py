"""Task definitions survive editing whole, and a diff never shows a value."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.ecs import taskdef

DESCRIBED = {
    "taskDefinition": {
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:42",
        "family": "web",
        "revision": 42,
        "status": "ACTIVE",
        "requiresAttributes": [{"name": "x"}],
        "compatibilities": ["FARGATE"],
        "registeredAt": 1700000000.1,
        "registeredBy": "arn:aws:iam::123456789012:user/u",
        "deregisteredAt": 1.0,
        "deleteRequestedAt": 2.0,
        "runtimePlatform": {"cpuArchitecture": "ARM64"},
        "aMemberOfTomorrow": {"deep": [{"er": ""}]},
        "containerDefinitions": [
            {"name": "app", "image": "shop:1", "environment": [{"name": "EMPTY", "value": ""}], "newMember": {"a": 1}},
            {"name": "sidecar", "image": "shop:1"},
        ],
    },
    "tags": [{"key": "team", "value": "shop"}],
}


def test_only_the_response_only_members_go_and_tags_come_along() -> None:
    body = taskdef.registrable(DESCRIBED)
    assert set(DESCRIBED["taskDefinition"]) - set(body) == taskdef.RESPONSE_ONLY
    assert body["aMemberOfTomorrow"] == {"deep": [{"er": ""}]}
    assert body["tags"] == [{"key": "team", "value": "shop"}]


def test_an_empty_tag_list_is_left_out_because_ecs_refuses_it() -> None:
    assert "tags" not in taskdef.registrable({**DESCRIBED, "tags": []})


def test_one_containers_image_changes_and_nothing_else() -> None:
    body = taskdef.registrable(DESCRIBED)
    before = copy.deepcopy(body)
    edited = taskdef.with_image(body, "app", "shop:2")
    assert body == before
    assert taskdef.containers(edited) == {"app": "shop:2", "sidecar": "shop:1"}
    assert taskdef.diff(body, edited) == ("~ containerDefinitions[app].image: shop:1 -> shop:2",)


def test_a_container_is_essential_unless_it_is_said_not_to_be_and_has_what_is_mounted_into_it() -> None:
    said = [
        {"name": "a", "essential": True},
        {"name": "b", "essential": None, "mountPoints": []},
        {"name": "c", "essential": False},
        {"name": "d", "mountPoints": [{"sourceVolume": "data"}]},
        {"volumesFrom": [{"sourceContainer": "c"}]},
        None,
    ]
    assert taskdef.defined({"containerDefinitions": said}) == {
        taskdef.Defined("a"),
        taskdef.Defined("b"),
        taskdef.Defined("c", is_essential=False),
        taskdef.Defined("d", has_mounts=True),
        taskdef.Defined("", has_mounts=True),
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=20,
)


@given(extra=st.dictionaries(st.text(min_size=1), json_values, max_size=4), image=st.text())
def test_whatever_aws_adds_survives(extra: dict[str, object], image: str) -> None:
    extra = {name: value for name, value in extra.items() if name not in taskdef.RESPONSE_ONLY | {"tags"}}
    container = {**extra, "name": "app", "image": "a"}
    definition = {"family": "web", **extra, "containerDefinitions": [container]}
    body = taskdef.with_image(taskdef.registrable({"taskDefinition": definition}), "app", image)
    assert body == {**definition, "containerDefinitions": [{**container, "image": image}]}


def test_same_ignores_the_order_of_tags_alone() -> None:
    one = {"family": "web", "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}
    assert taskdef.same(one, {**one, "tags": list(reversed(one["tags"]))})
    assert not taskdef.same(one, {**one, "tags": []})
    assert not taskdef.same(one, {**one, "family": "api"})


def test_a_diff_names_what_changed_and_shows_no_value() -> None:
    before = {"containerDefinitions": [{"name": "app", "image": "a:1", "environment": [{"name": "KEY", "value": "old"}],
                                        "secrets": [{"name": "DB", "valueFrom": "arn:aws:secretsmanager:x"}]}],
              "cpu": "256", "placementConstraints": [], "volumes": [{"name": "v"}, {"name": "w"}]}  # fmt: skip
    after = {"containerDefinitions": [{"name": "app", "image": "a:1", "environment": [{"name": "KEY", "value": "new"}],
                                       "secrets": [{"name": "DB", "valueFrom": "arn:aws:secretsmanager:y"}]}],
             "memory": "512", "placementConstraints": [{"type": "distinctInstance"}],
             "volumes": [{"name": "w"}, {"name": "v"}]}  # fmt: skip
    assert taskdef.diff(before, after) == (
        "~ containerDefinitions[app].environment[KEY].value (value not shown)",
        "~ containerDefinitions[app].secrets[DB].valueFrom (value not shown)",
        "- cpu",
        "+ placementConstraints[#0]",
        "~ volumes (order)",
        "+ memory",
    )


@given(before=json_values, after=json_values)
def test_a_diff_is_empty_exactly_when_nothing_differs(before: object, after: object) -> None:
    assert bool(taskdef.diff({"a": before}, {"a": after})) == (before != after)
