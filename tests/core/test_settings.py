"""Settings: the same table for variables and flags, all problems at once, nothing secret shown."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.core.request.build import Build
from drone_deploy_ecs.core.request.services import service_refs
from drone_deploy_ecs.settings.actions import ACTIONS
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.settings.table import SETTINGS

GOOD = {
    "PLUGIN_AWS_REGION": "eu-west-1",
    "PLUGIN_CLUSTER": "prod",
    "PLUGIN_SERVICE": "web, web-spot,,",
    "PLUGIN_CONTAINER": "app",
    "PLUGIN_IMAGE": "registry.example:5000/shop/web:2",
}


def refused(env: dict[str, str], **flags: str) -> list[str]:
    with pytest.raises(Refused) as refusal:
        resolve(flags, env)
    return [str(problem) for problem in refusal.value.problems]


def test_a_pipeline_of_the_go_plugin_works_unchanged() -> None:
    env = {
        **GOOD,
        "PLUGIN_MODE": "rolling",
        "PLUGIN_MAX_DEPLOY_CHECKS": "30",
        "PLUGIN_DISABLE_ROLLBACKS": "true",
        "PLUGIN_AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/deploy",
    }
    request, warnings = resolve({}, env)
    assert request.services == ("web", "web-spot")
    assert request.budget == 300
    assert not request.roll_back
    assert request.access.role_arn == "arn:aws:iam::123456789012:role/deploy"
    assert not warnings


def test_defect_18_the_budget_is_n_times_ten_seconds() -> None:
    assert resolve({}, GOOD)[0].budget == 600


@pytest.mark.parametrize("no", ["false", "False", "0", "no", "off"])
def test_defect_19_disable_rollbacks_false_means_false_and_is_noted(no: str) -> None:
    request, warnings = resolve({}, GOOD | {"PLUGIN_DISABLE_ROLLBACKS": no})
    assert request.roll_back
    assert len(warnings) == 1
    assert "rollbacks are on" in str(warnings[0])


def test_defect_20_a_misspelt_mode_is_refused_with_a_hint() -> None:
    assert refused(GOOD | {"PLUGIN_MODE": "blue_green"}) == ["mode 'blue_green' isn't a mode. Did you mean blue-green?"]
    assert refused(GOOD | {"PLUGIN_MODE": "roling"}) == ["mode 'roling' isn't a mode. Did you mean rolling?"]


def test_a_mode_that_is_none_hides_no_other_problem() -> None:
    given = {"PLUGIN_MODE": "blue_green", "PLUGIN_IMAGE": "No Image", "PLUGIN_SCALE_DOWN_PERCENT": "half"}
    said = [one.split(" ")[0] for one in refused(GOOD | given | {"PLUGIN_CONTAINER": ""})]
    assert said == ["mode", "container", "image", "scale_down_percent"]


@pytest.mark.parametrize("value", ["-1", "many", "2.5", "1" * 10])
def test_a_number_that_may_be_none_says_so(value: str) -> None:
    assert refused(GOOD | {"PLUGIN_LOG_LINES": value}) == [
        f"log_lines '{value}' isn't a whole number. Give a number such as 3, or 0 for none."
    ]
    assert resolve({}, GOOD | {"PLUGIN_LOG_LINES": "0"})[0].log_lines == 0


def test_all_problems_come_at_once_each_with_its_value() -> None:
    problems = refused({
        "PLUGIN_CLUSTER": "my cluster", "PLUGIN_IMAGE": "Shop:2", "PLUGIN_MAX_DEPLOY_CHECKS": "6.5",
        "PLUGIN_DISABLE_ROLLBACKS": "maybe", "PLUGIN_TIMEOUT": "10", "PLUGIN_AWS_REGION": "Frankfurt",
    })  # fmt: skip
    text = "\n".join(problems)
    for expected in ("aws_region 'Frankfurt'", "cluster 'my cluster'", "service isn't set", "container isn't set", "image 'Shop:2'",
                     "max_deploy_checks '6.5'", "disable_rollbacks 'maybe'", "timeout '10'"):  # fmt: skip
        assert expected in text


@pytest.mark.parametrize("value", ["0", "-1", "abc", "1e3", "60 checks"])
def test_a_budget_that_is_no_positive_whole_number_is_refused(value: str) -> None:
    assert "isn't a positive whole number" in refused(GOOD | {"PLUGIN_MAX_DEPLOY_CHECKS": value})[0]


@pytest.mark.parametrize(("given", "seconds"), [("90s", 90), ("15m", 900), ("1h30m", 5400)])
def test_timeout_is_the_budget_in_plain_units(given: str, seconds: float) -> None:
    assert resolve({}, GOOD | {"PLUGIN_TIMEOUT": given})[0].budget == seconds


def test_a_secrets_value_is_never_shown() -> None:
    (problem,) = refused(
        GOOD
        | {"PLUGIN_AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r", "PLUGIN_AWS_ROLE_EXTERNAL_ID": "s3cret value"}
    )
    assert "s3cret" not in problem
    assert "aws_role_external_id" in problem


def test_flags_win_over_variables() -> None:
    assert resolve({"cluster": "other"}, GOOD)[0].cluster == "other"


def test_the_region_falls_back_to_awss_own_variables() -> None:
    env = {name: value for name, value in GOOD.items() if name != "PLUGIN_AWS_REGION"}
    assert resolve({}, env | {"AWS_DEFAULT_REGION": "us-east-1"})[0].access.region == "us-east-1"
    assert (
        resolve({}, env | {"AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-west-2"})[0].access.region
        == "us-west-2"
    )


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_arns_of_every_partition_are_accepted(partition: str) -> None:
    arn = f"arn:{partition}:ecs:cn-north-1:123456789012"
    env = GOOD | {
        "PLUGIN_AWS_REGION": "cn-north-1", "PLUGIN_CLUSTER": f"{arn}:cluster/prod", "PLUGIN_SERVICE": f"{arn}:service/prod/web",
    }  # fmt: skip
    request, _ = resolve({}, env)
    assert request.cluster_name == "prod"
    assert request.services == (f"{arn}:service/prod/web",)


def test_an_arn_of_another_region_is_refused_and_names_its_own_cluster() -> None:
    arn = "arn:aws:ecs:us-east-1:123456789012:service/staging/web"
    assert refused(GOOD | {"PLUGIN_SERVICE": arn}) == [
        f"{arn} is in us-east-1, but aws_region is eu-west-1. Make them agree."
    ]
    request, _ = resolve({}, GOOD | {"PLUGIN_SERVICE": f"{arn},web", "PLUGIN_AWS_REGION": "us-east-1"})
    assert [(one.cluster, one.asked) for one in service_refs(request)] == [("staging", arn), ("prod", "web")]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("web", [("prod", "web")]),
        ("batch/worker", [("batch", "worker")]),
        ("tenant-*,batch/w?rker", [("prod", "tenant-*"), ("batch", "w?rker")]),
    ],
)
def test_services_are_names_in_clusters_or_patterns(asked: str, found: list[tuple[str, str]]) -> None:
    request, _ = resolve({}, GOOD | {"PLUGIN_SERVICE": asked})
    assert [(one.cluster, one.asked) for one in service_refs(request)] == found


@pytest.mark.parametrize("asked", ["a/b/c", "we b", "*/web", "web/", "arn:aws:ecs:eu-west-1:1:cluster/prod"])
def test_what_is_no_service_is_refused(asked: str) -> None:
    (said,) = refused(GOOD | {"PLUGIN_SERVICE": asked})
    assert "which is neither a service's name, its ARN, cluster/service nor a pattern" in said


ARN = "arn:aws:ecs:eu-west-1:123456789012:service/prod/web"


@pytest.mark.parametrize("asked", ["web,prod/web", f"{ARN},web", f"web,{ARN}", f"{ARN},prod/web"])
def test_a_service_asked_for_twice_is_refused(asked: str) -> None:
    assert refused(GOOD | {"PLUGIN_SERVICE": asked}) == ["service names web twice. Give each service once."]


def test_the_same_name_in_two_clusters_or_regions_is_two_services() -> None:
    east = ARN.replace("eu-west-1", "us-east-1")
    request, _ = resolve(
        {}, GOOD | {"PLUGIN_SERVICE": f"{ARN},{east},batch/web", "PLUGIN_AWS_REGION": "eu-west-1,us-east-1"}
    )
    assert [(one.region, one.cluster) for one in service_refs(request)] == [
        ("eu-west-1", "prod"), ("eu-west-1", "batch"), ("us-east-1", "prod"), ("us-east-1", "batch"),
    ]  # fmt: skip


ROLE = "arn:aws:iam::{}:role/deploy"
TWO = {"PLUGIN_AWS_REGION": "eu-west-1, us-east-1"}


def test_regions_are_waves_each_with_its_role() -> None:
    one, other = (ROLE.format(account) for account in ("111111111111", "222222222222"))
    both, _ = resolve({}, GOOD | TWO | {"PLUGIN_AWS_ROLE_ARN": f"{one},{other}"})
    assert [(each.region, each.role_arn) for each in both.regions] == [("eu-west-1", one), ("us-east-1", other)]
    same, _ = resolve({}, GOOD | TWO | {"PLUGIN_AWS_ROLE_ARN": one})
    assert [each.role_arn for each in same.regions] == [one, one]


def test_regions_that_can_not_be_meant_are_refused() -> None:
    roles = ",".join(ROLE.format(f"{number:012}") for number in range(3))
    assert refused(GOOD | TWO | {"PLUGIN_AWS_ROLE_ARN": roles}) == [
        "aws_role_arn has 3 roles, and aws_region 2. Give one role for all, or one for each region in the same order."
    ]
    assert refused(GOOD | {"PLUGIN_AWS_REGION": "eu-west-1,eu-west-1"}) == [
        "aws_region has eu-west-1, eu-west-1: one of them twice. Give each region once."
    ]
    assert refused(GOOD | TWO | {"PLUGIN_CLUSTER": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"}) == [
        "arn:aws:ecs:eu-west-1:123456789012:cluster/prod is in one region, and aws_region has 2. Give the cluster by name."
    ]
    assert "isn't an AWS region" in refused(GOOD | {"PLUGIN_AWS_REGION": "eu-west-1,nowhere"})[0]


def test_what_a_failure_takes_back_is_all_unless_said_otherwise() -> None:
    plain, _ = resolve({}, GOOD)
    assert (plain.undo_waves, plain.undo_failed_only, plain.max_parallel, plain.canaries) == (True, False, None, 0)
    env = {
        "PLUGIN_WAVES": "stop",
        "PLUGIN_ON_FAILURE": "failed",
        "PLUGIN_MAX_PARALLEL": "3",
        "PLUGIN_CANARY_SERVICES": "2",
    }
    asked, _ = resolve({}, GOOD | env)
    assert (asked.undo_waves, asked.undo_failed_only, asked.max_parallel, asked.canaries) == (False, True, 3, 2)


def test_two_budgets_are_told_of_once_where_neither_can_be_read() -> None:
    good, bad, both = (
        {"max_deploy_checks": "3", "timeout": "15m"},
        {"max_deploy_checks": "x", "timeout": "y"},
        "both set",
    )
    assert both in refused(GOOD, **good)[-1]
    assert [said.split()[0] for said in refused(GOOD, **bad)] == ["max_deploy_checks", "timeout"]
    assert [both in said for said in refused(GOOD, **good | {"timeout": "y"})] == [False, True]


@pytest.mark.parametrize("value", ["0", "1", "-3", "two", "2.5"])
def test_fewer_than_two_revisions_are_never_kept(value: str) -> None:
    said = f"keep_revisions '{value}' isn't a whole number from 2. Give 2 or more: what runs, and what to go back to."
    assert refused(GOOD | {"PLUGIN_KEEP_REVISIONS": value}) == [said]
    assert resolve({}, GOOD | {"PLUGIN_KEEP_REVISIONS": "2"})[0].keep_revisions == 2
    assert resolve({}, GOOD)[0].keep_revisions is None


def test_only_a_deployment_and_its_plan_and_policy_keep_so_many_revisions() -> None:
    for action, kept in {"deploy": 2, "plan": 2, "policy": 2, "rehearse": None}.items():
        request, _ = resolve({}, GOOD | {"PLUGIN_KEEP_REVISIONS": "2", "PLUGIN_ACTION": action})
        assert request.keep_revisions == kept, action


def test_a_variable_that_is_nearly_a_setting_draws_a_hint() -> None:
    _, warnings = resolve({}, GOOD | {"PLUGIN_MAX_DEPLOY_CHECK": "3", "PLUGIN_UNRELATED_THING": "x"})
    assert [str(one) for one in warnings] == ["max_deploy_check isn't a setting. Did you mean max_deploy_checks?"]


def test_the_session_name_tells_the_build() -> None:
    assert resolve({}, GOOD | {"DRONE_BUILD_NUMBER": "77"})[0].access.role_session_name == "drone-deploy-ecs-77"


SHA = "8c05f9d1a3b7"
BUILDS: list[tuple[dict[str, str], dict[str, object]]] = [
    ({}, {}),
    (
        {"DRONE_COMMIT_SHA": SHA, "DRONE_BUILD_NUMBER": "41", "DRONE_BUILD_TRIGGER": "@hook",
         "DRONE_COMMIT_AUTHOR": "ada", "DRONE_BUILD_LINK": "https://drone.example/shop/41"},
        {"commit": SHA, "number": 41, "who": "ada", "page": "https://drone.example/shop/41"},
    ),
    ({"DRONE_BUILD_TRIGGER": "ben", "DRONE_COMMIT_AUTHOR": "ada"}, {"who": "ben"}),
    (
        {"CI_COMMIT_SHA": SHA, "CI_PIPELINE_NUMBER": "7", "CI_COMMIT_AUTHOR": "ada", "CI_PIPELINE_URL": "https://ci.example/7"},
        {"commit": SHA, "number": 7, "who": "ada", "page": "https://ci.example/7"},
    ),
    (
        {"CI_COMMIT_SHA": SHA, "CI_COMMIT_TIMESTAMP": "2026-01-05T13:00:00+02:00", "CI_PIPELINE_ID": "90210",
         "CI_PIPELINE_IID": "12", "GITLAB_USER_LOGIN": "ben", "CI_COMMIT_AUTHOR": "Ada <ada@shop.example>"},
        {"commit": SHA, "committed_at": datetime(2026, 1, 5, 11, tzinfo=UTC), "number": 12, "who": "ben"},
    ),
    (
        {"GITHUB_SHA": SHA, "GITHUB_RUN_NUMBER": "5", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_TRIGGERING_ACTOR": "ben",
         "GITHUB_ACTOR": "ada", "GITHUB_RUN_ID": "77", "GITHUB_SERVER_URL": "https://github.example",
         "GITHUB_REPOSITORY": "shop/web"},
        {"commit": SHA, "number": 5, "attempt": 2, "who": "ben", "page": "https://github.example/shop/web/actions/runs/77"},
    ),
    (
        {"BUILDKITE_COMMIT": "HEAD", "BUILDKITE_BUILD_NUMBER": "3", "BUILDKITE_RETRY_COUNT": "0",
         "BUILDKITE_BUILD_CREATOR": "ada"},
        {"number": 3, "attempt": 1, "who": "ada"},
    ),
    ({"GIT_COMMIT": SHA, "BUILD_NUMBER": "9", "BUILD_URL": "https://jenkins.example/9"},
     {"commit": SHA, "number": 9, "page": "https://jenkins.example/9"}),
    ({"BUILD_URL": "https://ci:s3cr3t@jenkins.example/@9"}, {"page": "https://jenkins.example/@9"}),
    ({"BUILD_NUMBER": "nine", "CI_COMMIT_TIMESTAMP": "yesterday"}, {}),
    ({"CI_COMMIT_TIMESTAMP": "2026-01-05T13:00:00"}, {}),
    ({"CI_COMMIT_TIMESTAMP": "9999-12-31T23:59:59-12:00"}, {}),
]  # fmt: skip
"""What the CI systems set, and what is known by that: Drone, Woodpecker, GitLab, GitHub, Buildkite, Jenkins."""


@pytest.mark.parametrize(("env", "known"), BUILDS)
def test_the_build_is_told_by_the_ci_systems_variables(env: dict[str, str], known: dict[str, object]) -> None:
    assert resolve({}, GOOD | env)[0].build == replace(Build(), **known)


def test_every_setting_is_told_once() -> None:
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)


def test_what_holds_a_secret_does_not_show_it_in_a_traceback() -> None:
    env = GOOD | {"PLUGIN_AWS_ROLE_EXTERNAL_ID": "s3cr3t-id", "AWS_SESSION_TOKEN": "s3cr3t-token"}
    request, _ = resolve({}, env | {"PLUGIN_AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/deploy"})
    assert request.access.role_external_id == "s3cr3t-id"
    assert "s3cr3t" not in repr(request)
    assert "AWS_SESSION_TOKEN" in repr(request)


@pytest.mark.parametrize("action", ["deploy", "plan", "policy"])
def test_an_action_is_named_by_the_setting_or_by_the_command(action: str) -> None:
    assert resolve({}, GOOD)[0].action == "deploy"
    assert resolve({}, GOOD | {"PLUGIN_ACTION": action})[0].action == action
    assert resolve({"action": action}, GOOD | {"PLUGIN_ACTION": "deploy"})[0].action == action


def test_an_unknown_action_is_refused_with_a_hint_and_the_list() -> None:
    known = f"Known: {', '.join(ACTIONS)}."
    assert refused(GOOD | {"PLUGIN_ACTION": "plna"}) == [f"action 'plna' isn't an action. Did you mean plan? {known}"]
    assert refused(GOOD | {"PLUGIN_ACTION": "explode"}) == [f"action 'explode' isn't an action. {known}"]


def test_an_action_that_is_none_hides_no_other_problem_and_misses_only_what_each_needs() -> None:
    given = {"PLUGIN_ACTION": "explode", "PLUGIN_MODE": "roling", "PLUGIN_LOG_LINES": "many"}
    assert [said.split(" ")[0] for said in refused(given)] == ["action", "mode", "aws_region", "cluster", "log_lines"]
    assert [said.split(" ")[0] for said in refused({"PLUGIN_ACTION": "explode"})] == [
        "action", "aws_region", "cluster", "service",
    ]  # fmt: skip


def test_policy_needs_only_to_know_the_services() -> None:
    where = {"PLUGIN_ACTION": "policy", "PLUGIN_AWS_REGION": "eu-west-1", "PLUGIN_CLUSTER": "prod"}
    sides = {"PLUGIN_BLUE_SERVICE": "blue", "PLUGIN_GREEN_SERVICE": "green"}
    assert resolve({}, where | {"PLUGIN_SERVICE": "web"})[0].services == ("web",)
    switch, _ = resolve({}, where | sides | {"PLUGIN_MODE": "blue-green"})
    assert switch.blue_green is not None
    colours = {"PLUGIN_MODE": "blue-green-cluster", "PLUGIN_SECRET_SERVICE": "shop"}
    # Neither the branch nor the kind of event matters: the secret isn't read.
    for env, secret in (
        ({}, "BRANCH-shop"),
        ({"DRONE_COMMIT_BRANCH": "main", "DRONE_BUILD_EVENT": "pull_request"}, "production-shop"),
    ):
        request, _ = resolve({}, where | sides | colours | env)
        assert request.colours is not None
        assert request.colours.secret == secret
    assert [said.split(" ")[0] for said in refused({"PLUGIN_ACTION": "policy"})] == ["aws_region", "cluster", "service"]
    assert "secret_service isn't set" in refused(where | sides | colours | {"PLUGIN_SECRET_SERVICE": ""})[0]


def test_an_action_that_only_follows_needs_places_alone() -> None:
    places = {name: value for name, value in GOOD.items() if name not in ("PLUGIN_CONTAINER", "PLUGIN_IMAGE")}
    request, warnings = resolve({}, places | {"PLUGIN_ACTION": "watch"})
    assert (request.services, request.edits, request.containers, warnings) == (("web", "web-spot"), (), (), ())


def test_what_an_action_has_no_use_for_is_not_read_and_said() -> None:
    given = {"PLUGIN_ACTION": "watch", "PLUGIN_IMAGE": "No Image", "PLUGIN_DISABLE_ROLLBACKS": "false"}
    request, warnings = resolve({}, GOOD | given)
    assert (request.edits, request.containers) == ((), ("app",))
    said = "image, disable_rollbacks have no effect with action watch. Leave out what isn't meant."
    assert list(map(str, warnings)) == [said]


def test_watch_in_a_mode_of_two_services_needs_only_these() -> None:
    two = {"PLUGIN_BLUE_SERVICE": "web-blue", "PLUGIN_GREEN_SERVICE": "web-green", "PLUGIN_ACTION": "watch"}
    places = {name: GOOD[name] for name in ("PLUGIN_AWS_REGION", "PLUGIN_CLUSTER")}
    for mode in ("blue-green", "blue-green-cluster"):
        request, warnings = resolve({}, places | two | {"PLUGIN_MODE": mode})
        assert (request.services, warnings) == (("web-blue", "web-green"), ())
        assert refused(places | {"PLUGIN_ACTION": "watch", "PLUGIN_MODE": mode})[0].startswith("blue_service isn't set")


def test_what_is_probed_is_read_and_never_shown() -> None:
    given = GOOD | {
        "PLUGIN_AWS_REGION": "eu-west-1,us-east-1",
        "PLUGIN_PROBE": "https://a.example/?token=s3cr3t-1,2, https://shop:s3cr3t-3@b.example/",
        "PLUGIN_PROBE_EXPECT": "shop 2",
    }
    request, _ = resolve({}, given)
    assert [str(request.probe_of(region)) for region in ("eu-west-1", "us-east-1")] == [
        "https://a.example/", "https://b.example/",
    ]  # fmt: skip
    assert request.probe_expect == "shop 2"
    assert {secret.value for secret in request.secrets} >= {"s3cr3t-1,2", "s3cr3t-3"}
    one, _ = resolve({}, given | {"PLUGIN_PROBE": "https://a.example"})
    assert one.probe_of("us-east-1") == one.probe_of("eu-west-1")
    assert resolve({}, GOOD)[0].probe_of("eu-west-1") is None


@pytest.mark.parametrize(
    ("probe", "expect", "said"),
    [
        ("shop.example/?token=s3cr3t", "", "probe (value not shown) isn't a whole URL of http or https. Give it as https://shop.example/health."),
        ("", "shop 2", "probe_expect is set without probe, whose answer it would be in. Set probe, too."),
        ("https://a/,https://b/", "", "probe has 2 URLs, and aws_region 1 region. Give one for all, or one for each region in the same order."),
    ],
)  # fmt: skip
def test_a_probe_that_can_t_be_meant_is_refused(probe: str, expect: str, said: str) -> None:
    assert refused(GOOD | {"PLUGIN_PROBE": probe, "PLUGIN_PROBE_EXPECT": expect}) == [said]
