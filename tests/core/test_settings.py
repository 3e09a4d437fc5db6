"""Settings: the same table for variables and flags, all problems at once, nothing secret shown."""

import pytest

from drone_deploy_ecs.errors import Refused
from drone_deploy_ecs.settings import SETTINGS, resolve

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
    assert refused(GOOD | {"PLUGIN_MODE": "blue_green"}) == ["mode 'blue_green' isn't a mode. Did you mean blue-green."]
    assert refused(GOOD | {"PLUGIN_MODE": "roling"}) == ["mode 'roling' isn't a mode. Did you mean rolling."]


SWITCH = {name: value for name, value in GOOD.items() if name != "PLUGIN_SERVICE"} | {
    "PLUGIN_MODE": "blue-green", "PLUGIN_BLUE_SERVICE": "web-blue", "PLUGIN_GREEN_SERVICE": "web-green",
    "PLUGIN_SCALE_DOWN_PERCENT": "50", "PLUGIN_SCALE_DOWN_INTERVAL": "60", "PLUGIN_SCALE_DOWN_WAIT_PERIOD": "10m",
    "PLUGIN_CHECKS_TO_PASS": "3",
}  # fmt: skip
COLOURED = {
    **{name: GOOD[name] for name in ("PLUGIN_AWS_REGION", "PLUGIN_CLUSTER", "PLUGIN_CONTAINER")},
    "PLUGIN_MODE": "blue-green-cluster", "PLUGIN_BLUE_SERVICE": "web-blue", "PLUGIN_GREEN_SERVICE": "web-green",
    "PLUGIN_BLUE_IMAGE": "shop:2", "PLUGIN_GREEN_IMAGE": "shop:3", "PLUGIN_SECRET_SERVICE": "shop",
    "DRONE_COMMIT_BRANCH": "main",
}  # fmt: skip


def test_a_blue_green_pipeline_of_the_go_plugin_works_unchanged() -> None:
    request, warnings = resolve({}, SWITCH)
    switch = request.blue_green
    assert request.services == ("web-blue", "web-green")
    assert switch
    assert (switch.percent, switch.interval, switch.wait) == (50, 60, 600)
    assert (switch.checks, switch.check_interval) == (3, 10)
    assert not warnings


def test_a_blue_green_cluster_pipeline_of_the_go_plugin_works_unchanged() -> None:
    request, warnings = resolve({}, COLOURED | {"PLUGIN_DISABLE_ROLLBACKS": "true"})
    assert request.colours
    assert request.colours.secret == "production-shop"
    assert not request.roll_back
    assert not warnings
    chosen = request.for_colour("blue")
    assert (chosen.services, chosen.image.reference) == (("web-green",), "shop:3")
    chosen = request.for_colour("green")
    assert (chosen.services, chosen.image.reference) == (("web-blue",), "shop:2")


def test_other_branches_name_their_own_secret() -> None:
    request, _ = resolve({}, COLOURED | {"DRONE_COMMIT_BRANCH": "staging"})
    assert request.colours
    assert request.colours.secret == "staging-shop"


@pytest.mark.parametrize("mode", ["blue-green", "blue-green-cluster"])
def test_everything_that_a_mode_needs_and_lacks_is_named_at_once(mode: str) -> None:
    basic = {name: GOOD[name] for name in ("PLUGIN_AWS_REGION", "PLUGIN_CLUSTER", "PLUGIN_CONTAINER")}
    said = {problem.split(" ")[0] for problem in refused(basic | {"PLUGIN_MODE": mode, "DRONE_COMMIT_BRANCH": "main"})}
    needed = {one.name for one in SETTINGS if one.required and mode in one.modes}
    assert said == needed


def test_defect_21_blue_green_without_an_image_is_refused() -> None:
    (problem,) = refused(SWITCH | {"PLUGIN_IMAGE": ""})
    assert problem.startswith("image isn't set")


@pytest.mark.parametrize("percent", ["0", "-5", "half", "150", "33.3"])
def test_defects_12_and_13_a_percent_that_leads_nowhere_is_refused_before_anything_happens(percent: str) -> None:
    (problem,) = refused(SWITCH | {"PLUGIN_SCALE_DOWN_PERCENT": percent})
    assert problem == (
        f"scale_down_percent '{percent}' isn't a whole number from 1 to 100. "
        "Give the share of the live tasks that each step takes away."
    )


@pytest.mark.parametrize("name", ["SCALE_DOWN_INTERVAL", "SCALE_DOWN_WAIT_PERIOD"])
def test_defect_12_times_that_are_none_are_refused_before_anything_happens(name: str) -> None:
    (problem,) = refused(SWITCH | {f"PLUGIN_{name}": "soon"})
    assert problem == (
        f"{name.lower()} 'soon' is neither whole seconds nor a length of time up to 24h. Give it as 60, 90s or 10m."
    )


@pytest.mark.parametrize("given", ["0", "-1", "soon"])
def test_checks_need_some_time_between_them(given: str) -> None:
    assert len(refused(SWITCH | {"PLUGIN_CHECK_INTERVAL": given})) == 1


def test_one_service_cannot_take_over_from_itself() -> None:
    assert refused(SWITCH | {"PLUGIN_GREEN_SERVICE": "web-blue"}) == [
        "blue_service and green_service are both web-blue. Give two services."
    ]
    assert "isn't one service" in refused(SWITCH | {"PLUGIN_GREEN_SERVICE": "a,b"})[0]


def test_disable_rollbacks_has_no_effect_on_a_switch_and_that_is_said() -> None:
    request, warnings = resolve({}, SWITCH | {"PLUGIN_DISABLE_ROLLBACKS": "true"})
    assert request.roll_back
    assert [str(one) for one in warnings] == [
        "disable_rollbacks has no effect in mode blue-green. Two sides left running would block the next deployment."
    ]


def test_what_a_mode_does_not_use_is_named() -> None:
    _, warnings = resolve({}, SWITCH | {"PLUGIN_SERVICE": "web", "PLUGIN_SECRET_SERVICE": "shop"})
    assert [str(one) for one in warnings] == [
        "service, secret_service have no effect in mode blue-green. Leave out what isn't meant."
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("DRONE_BUILD_EVENT", "pull_request"), ("CI_PIPELINE_EVENT", "pull_request_closed"),
     ("GITHUB_EVENT_NAME", "pull_request_target"), ("CI_PIPELINE_SOURCE", "merge_request_event")],
)  # fmt: skip
def test_defect_32_a_pull_request_does_not_act_on_its_target_branchs_secret(name: str, value: str) -> None:
    (problem,) = refused(COLOURED | {name: value})
    assert "would act on its target branch's secret" in problem
    assert resolve({}, COLOURED | {name: value, "PLUGIN_ALLOW_PULL_REQUEST": "true"})[0].colours


def test_without_a_branch_no_secret_is_guessed() -> None:
    (problem,) = refused(COLOURED | {"DRONE_COMMIT_BRANCH": ""})
    assert problem.startswith("the branch isn't known")
    assert resolve({}, COLOURED | {"DRONE_COMMIT_BRANCH": "", "CI_COMMIT_BRANCH": "main"})[0].colours


def test_all_problems_come_at_once_each_with_its_value() -> None:
    problems = refused({
        "PLUGIN_CLUSTER": "my cluster", "PLUGIN_IMAGE": "Shop:2", "PLUGIN_MAX_DEPLOY_CHECKS": "6.5",
        "PLUGIN_DISABLE_ROLLBACKS": "maybe", "PLUGIN_TIMEOUT": "10", "PLUGIN_AWS_REGION": "Frankfurt",
    })  # fmt: skip
    text = "\n".join(problems)
    for expected in ("aws_region 'Frankfurt'", "cluster 'my cluster'", "service isn't set", "container isn't set", "image 'Shop:2'",
                     "max_deploy_checks '6.5'", "disable_rollbacks 'maybe'", "timeout '10'", "both set"):  # fmt: skip
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


def test_arns_that_disagree_with_the_region_or_cluster_are_refused() -> None:
    arn = "arn:aws:ecs:us-east-1:123456789012:service/staging/web"
    assert len(refused(GOOD | {"PLUGIN_SERVICE": arn})) == 2


def test_a_variable_that_is_nearly_a_setting_draws_a_hint() -> None:
    _, warnings = resolve({}, GOOD | {"PLUGIN_MAX_DEPLOY_CHECK": "3", "PLUGIN_UNRELATED_THING": "x"})
    assert [str(one) for one in warnings] == ["max_deploy_check isn't a setting. Did you mean max_deploy_checks."]


def test_the_session_name_tells_the_build() -> None:
    assert resolve({}, GOOD | {"DRONE_BUILD_NUMBER": "77"})[0].access.role_session_name == "drone-deploy-ecs-77"


def test_every_setting_is_told_once() -> None:
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
