"""The settings of the modes blue-green and blue-green-cluster: what each needs, refuses and leaves alone."""

import pytest

from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.core.request.request import BlueGreen, Colours
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.settings.table import BY_NAME, SETTINGS
from drone_deploy_ecs.settings.values import BLUE_GREEN, COLOURS, ROLLING
from tests.edits import set_image

COMMON = {"PLUGIN_AWS_REGION": "eu-west-1", "PLUGIN_CLUSTER": "prod", "PLUGIN_CONTAINER": "app"}
TWO = {"PLUGIN_BLUE_SERVICE": "web-blue", "PLUGIN_GREEN_SERVICE": "web-green"}
SWITCH = COMMON | TWO | {
    "PLUGIN_MODE": "blue-green", "PLUGIN_IMAGE": "shop:2", "PLUGIN_SCALE_DOWN_PERCENT": "50",
    "PLUGIN_SCALE_DOWN_INTERVAL": "60", "PLUGIN_SCALE_DOWN_WAIT_PERIOD": "600", "PLUGIN_CHECKS_TO_PASS": "3",
}  # fmt: skip
COLOURED = COMMON | TWO | {
    "PLUGIN_MODE": "blue-green-cluster", "PLUGIN_BLUE_IMAGE": "shop:2", "PLUGIN_GREEN_IMAGE": "shop:3",
    "PLUGIN_SECRET_SERVICE": "shop", "DRONE_COMMIT_BRANCH": "main",
}  # fmt: skip
ROLLED = COMMON | {"PLUGIN_SERVICE": "web", "PLUGIN_IMAGE": "shop:2"}
GOOD = {ROLLING: ROLLED, BLUE_GREEN: SWITCH, COLOURS: COLOURED}

SHARE = "Give a whole number from 1 to 100: the share of the live count that each step takes away."


def refused(env: dict[str, str]) -> list[str]:
    with pytest.raises(Refused) as refusal:
        resolve({}, env)
    return [str(problem) for problem in refusal.value.problems]


def warned(env: dict[str, str]) -> list[str]:
    return [str(one) for one in resolve({}, env)[1]]


def switch(**settings: str) -> BlueGreen:
    found = resolve(settings, SWITCH)[0].blue_green
    assert found
    return found


def secret(env: dict[str, str]) -> str:
    found = resolve({}, env)[0].colours
    assert found
    return found.secret


# --- what the Go plugin's pipelines make ---


def test_a_blue_green_pipeline_of_the_go_plugin_works_unchanged() -> None:
    request, warnings = resolve({}, SWITCH)
    assert request.blue_green == BlueGreen(
        blue="web-blue", green="web-green", percent=50, interval=60, wait=600, checks=3, check_interval=10
    )
    assert request.colours is None
    assert request.services == ("web-blue", "web-green")
    assert request.edits == (set_image("app", "shop:2"),)
    assert request.roll_back
    assert not warnings


def test_a_blue_green_cluster_pipeline_of_the_go_plugin_works_unchanged() -> None:
    request, warnings = resolve({}, COLOURED | {"DRONE_BUILD_EVENT": "push"})
    assert request.colours == Colours(
        secret="production-shop", blue="web-blue", green="web-green",
        blue_edits=(set_image("app", "shop:2"),), green_edits=(set_image("app", "shop:3"),),
    )  # fmt: skip
    assert request.blue_green is None
    assert request.services == ("web-blue", "web-green")
    assert request.edits == (set_image("app", "shop:3"),)
    assert not warnings


@pytest.mark.parametrize(
    ("live", "service", "reference"), [("blue", "web-green", "shop:3"), ("green", "web-blue", "shop:2")]
)
def test_the_colour_that_is_not_live_gets_its_own_image(live: str, service: str, reference: str) -> None:
    chosen = resolve({}, COLOURED)[0].for_colour(live)
    assert (chosen.services, chosen.edits) == ((service,), (set_image("app", reference),))


# --- what each mode needs ---

NEEDED = {
    ROLLING: ["service", "image"],
    BLUE_GREEN: ["image", "blue_service", "green_service", "scale_down_percent", "scale_down_interval",
                 "scale_down_wait_period", "checks_to_pass"],
    COLOURS: ["blue_service", "green_service", "blue_image", "green_image", "secret_service"],
}  # fmt: skip
REFUSED = ["tag", "images", "task_definition", "revision", "schedules", "after", "probe", "probe_expect"]
"""In the mode that doesn't take them they are refused, not ignored."""
OPTIONAL = {
    ROLLING: [*REFUSED, "canary_services", "max_parallel", "on_failure", "waves"],
    BLUE_GREEN: [*REFUSED, "check_interval"],
    COLOURS: ["allow_pull_request"],
}
USED = {mode: [*names, *OPTIONAL[mode]] for mode, names in NEEDED.items()}
ALWAYS = ("aws_region", "cluster", "container")


@pytest.mark.parametrize("mode", NEEDED)
def test_everything_that_a_mode_needs_and_lacks_is_named_at_once(mode: str) -> None:
    said = refused({"PLUGIN_MODE": mode, "DRONE_COMMIT_BRANCH": "main"})
    assert sorted(one.split(" ")[0] for one in said) == sorted([*ALWAYS, *NEEDED[mode]])


@pytest.mark.parametrize(("mode", "name"), [(mode, name) for mode in NEEDED for name in NEEDED[mode]])
def test_each_setting_that_a_mode_needs_is_missed_by_name(mode: str, name: str) -> None:
    row = BY_NAME[name]
    why = "" if mode == ROLLING else f", and mode {mode} needs it"
    assert refused(GOOD[mode] | {row.variable: " "}) == [
        f"{name} isn't set{why}. Set {name} in the step, {row.flag}, or {row.variable}."
    ]


def test_defect_21_blue_green_without_an_image_is_refused() -> None:
    assert refused({name: value for name, value in SWITCH.items() if name != "PLUGIN_IMAGE"}) == [
        "image isn't set, and mode blue-green needs it. Set image in the step, --image, or PLUGIN_IMAGE."
    ]


@pytest.mark.parametrize("mode", USED)
def test_a_row_tells_which_modes_use_it(mode: str) -> None:
    assert {one.name for one in SETTINGS if one.modes and one.is_used_in(mode)} == set(USED[mode])


@pytest.mark.parametrize("mode", USED)
def test_what_a_mode_does_not_use_is_ignored_and_named_in_one_line(mode: str) -> None:
    names = [one.name for one in SETTINGS if one.modes and one.name not in (*USED[mode], *REFUSED)]
    assert warned(GOOD[mode] | {BY_NAME[name].variable: "What Ever" for name in names}) == [
        f"{', '.join(names)} have no effect in mode {mode}. Leave out what isn't meant."
    ]
    assert warned(GOOD[mode] | {BY_NAME[names[0]].variable: "What Ever"}) == [
        f"{names[0]} has no effect in mode {mode}. Leave out what isn't meant."
    ]


def test_a_forgotten_mode_shows_in_what_has_no_effect() -> None:
    said = refused(COMMON | TWO | {"PLUGIN_IMAGE": "shop:2"})
    assert said == [
        "service isn't set. Set service in the step, --service, or PLUGIN_SERVICE.",
        "blue_service, green_service have no effect in mode rolling. Leave out what isn't meant.",
    ]


# --- two services ---


def test_one_service_cannot_take_over_from_itself() -> None:
    arn = "arn:aws:ecs:eu-west-1:123456789012:service/prod/web-blue"
    for one in ("web-blue", arn):
        assert refused(SWITCH | {"PLUGIN_GREEN_SERVICE": one}) == [
            "blue_service and green_service are both web-blue. Give two services."
        ]


@pytest.mark.parametrize(
    ("given", "said"),
    [("a,b", "isn't one service. Give one name or ARN."), (",", "isn't one service. Give one name or ARN."),
     ("a b", "is neither a service's name nor its ARN. Give one of them.")],
)  # fmt: skip
@pytest.mark.parametrize("name", ["blue_service", "green_service"])
def test_each_side_is_one_service(name: str, given: str, said: str) -> None:
    assert refused(SWITCH | {BY_NAME[name].variable: given}) == [f"{name} '{given}' {said}"]


def test_a_list_of_one_service_will_do() -> None:
    assert switch(blue_service="web-blue,").blue == "web-blue"


@pytest.mark.parametrize("mode", [BLUE_GREEN, COLOURS])
@pytest.mark.parametrize("name", ["blue_service", "green_service"])
def test_arns_of_either_side_have_to_agree_with_region_and_cluster(mode: str, name: str) -> None:
    arn = "arn:aws:ecs:us-east-1:123456789012:service/staging/other"
    assert refused(GOOD[mode] | {BY_NAME[name].variable: arn}) == [
        f"{arn} is in us-east-1, but aws_region is eu-west-1. Make them agree.",
        "service other is in cluster staging, but cluster is prod. Make them agree.",
    ]


@pytest.mark.parametrize("name", ["blue_image", "green_image"])
def test_each_colours_image_is_a_reference(name: str) -> None:
    (problem,) = refused(COLOURED | {BY_NAME[name].variable: "Shop:2"})
    assert problem.startswith(f"{name} 'Shop:2' isn't an image reference. ")


# --- numbers and times ---


@pytest.mark.parametrize(
    ("given", "why"),
    [("0", "takes nothing away, so the live side would never shrink"), ("-5", "takes nothing away, so the live side would never shrink"),
     ("half", "isn't a whole number"), ("33.3", "isn't a whole number"), ("50%", "isn't a whole number"),
     ("150", "is more than there is"), ("101", "is more than there is")],
)  # fmt: skip
def test_defects_12_and_13_a_percent_that_leads_nowhere_is_refused_before_anything_happens(
    given: str, why: str
) -> None:
    assert refused(SWITCH | {"PLUGIN_SCALE_DOWN_PERCENT": given}) == [f"scale_down_percent '{given}' {why}. {SHARE}"]


@pytest.mark.parametrize(("given", "percent"), [("1", 1), ("100", 100), ("+33", 33), ("050", 50)])
def test_every_whole_percent_is_taken(given: str, percent: int) -> None:
    assert switch(scale_down_percent=given).percent == percent


TIMES = ("scale_down_interval", "scale_down_wait_period", "check_interval")
NO_TIMES = ("soon", "-1", "1.5", "86401", "25h", "60 seconds")


@pytest.mark.parametrize(
    ("given", "seconds"), [("60", 60), ("+60", 60), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("86400", 86400)]
)
def test_times_are_seconds_or_durations(given: str, seconds: float) -> None:
    found = switch(**dict.fromkeys(TIMES, given))
    assert (found.interval, found.wait, found.check_interval) == (seconds, seconds, seconds)


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("given", NO_TIMES)
def test_defect_12_a_time_that_is_none_is_refused_before_anything_happens(name: str, given: str) -> None:
    assert refused(SWITCH | {BY_NAME[name].variable: given}) == [
        f"{name} '{given}' is neither whole seconds nor a length of time up to 24h. Give it as 60, 90s, 10m or 1h30m."
    ]


@pytest.mark.parametrize("none", ["0", "0s"])
def test_the_steps_need_no_time_between_them_but_looks_do(none: str) -> None:
    found = switch(scale_down_interval=none, scale_down_wait_period=none)
    assert (found.interval, found.wait) == (0, 0)
    assert refused(SWITCH | {"PLUGIN_CHECK_INTERVAL": none}) == [
        f"check_interval '{none}' is no time at all. Give at least 1s."
    ]
    assert switch(check_interval="1").check_interval == 1


@pytest.mark.parametrize("given", ["-1", "three", "1.5"])
def test_defect_12_checks_that_are_no_number_are_refused(given: str) -> None:
    assert refused(SWITCH | {"PLUGIN_CHECKS_TO_PASS": given}) == [
        f"checks_to_pass '{given}' isn't a whole number. Give a number such as 3, or 0 for none."
    ]
    assert switch(checks_to_pass="0").checks == 0


def test_everything_that_is_wrong_with_a_switch_is_told_at_once() -> None:
    wrong = {"PLUGIN_IMAGE": "", "PLUGIN_BLUE_SERVICE": "a,b", "PLUGIN_SCALE_DOWN_PERCENT": "0", "PLUGIN_CHECK_INTERVAL": "0",
             "PLUGIN_CHECKS_TO_PASS": "x", "PLUGIN_CLUSTER": ""}  # fmt: skip
    said = [one.split(" ")[0] for one in refused(SWITCH | wrong)]
    assert said == ["cluster", "image", "blue_service", "scale_down_percent", "checks_to_pass", "check_interval"]


# --- rollbacks ---


def test_disable_rollbacks_has_no_effect_on_a_switch_and_that_is_said() -> None:
    env = SWITCH | {"PLUGIN_DISABLE_ROLLBACKS": "true"}
    assert resolve({}, env)[0].roll_back
    assert warned(env) == [
        "disable_rollbacks has no effect in mode blue-green. Two sides left running would block the next deployment."
    ]


def test_disable_rollbacks_applies_to_the_colour_that_is_updated() -> None:
    env = COLOURED | {"PLUGIN_DISABLE_ROLLBACKS": "true"}
    assert not resolve({}, env)[0].roll_back
    assert not warned(env)
    assert resolve({}, COLOURED)[0].roll_back


@pytest.mark.parametrize("mode", [BLUE_GREEN, COLOURS])
def test_defect_19_disable_rollbacks_false_means_false_in_every_mode(mode: str) -> None:
    env = GOOD[mode] | {"PLUGIN_DISABLE_ROLLBACKS": "false"}
    assert resolve({}, env)[0].roll_back
    assert warned(env) == ["disable_rollbacks is false, so rollbacks are on. The Go plugin took any text for yes."]


# --- the secret's name ---

NO_BRANCH = (
    "the branch isn't known, and mode blue-green-cluster makes the secret's name of it. "
    "Run the step for branches (a tag has none), or set DRONE_COMMIT_BRANCH in its environment."
)


@pytest.mark.parametrize(("branch", "name"), [("main", "production-shop"), ("staging", "staging-shop"), ("master", "master-shop"),
                                              ("Main", "Main-shop"), ("feature/x", "feature/x-shop")])  # fmt: skip
def test_the_branch_names_the_secret_and_main_is_production(branch: str, name: str) -> None:
    assert secret(COLOURED | {"DRONE_COMMIT_BRANCH": branch}) == name


@pytest.mark.parametrize(
    "theirs",
    [{"CI_COMMIT_BRANCH": "staging"}, {"GITHUB_REF_NAME": "staging", "GITHUB_REF_TYPE": "branch"},
     {"CI_COMMIT_BRANCH": "staging", "GITHUB_REF_NAME": "main", "GITHUB_REF_TYPE": "branch"}],
    ids=["Woodpecker, GitLab", "GitHub", "both"],
)  # fmt: skip
def test_other_systems_branches_count_where_drones_is_not_set(theirs: dict[str, str]) -> None:
    assert secret(COLOURED | {"DRONE_COMMIT_BRANCH": " "} | theirs) == "staging-shop"
    assert secret(COLOURED | theirs) == "production-shop"


@pytest.mark.parametrize(
    "theirs", [{}, {"GITHUB_REF_NAME": "v1", "GITHUB_REF_TYPE": "tag"}, {"GITHUB_REF_NAME": "main"}]
)
def test_without_a_branch_no_secret_is_guessed(theirs: dict[str, str]) -> None:
    assert refused(COLOURED | {"DRONE_COMMIT_BRANCH": ""} | theirs) == [NO_BRANCH]


@pytest.mark.parametrize("mode", [ROLLING, BLUE_GREEN])
def test_other_modes_ask_for_no_branch_and_mind_no_pull_request(mode: str) -> None:
    assert not warned(GOOD[mode] | {"DRONE_BUILD_EVENT": "pull_request"})


def test_what_can_be_no_part_of_a_secrets_name_is_refused() -> None:
    assert refused(COLOURED | {"PLUGIN_SECRET_SERVICE": "my shop"}) == [
        "secret_service 'my shop' isn't part of a secret's name. Check it."
    ]


EVENTS = {
    "DRONE_BUILD_EVENT": ["pull_request"],
    "CI_PIPELINE_EVENT": ["pull_request", "pull_request_closed", "pull_request_metadata"],
    "CI_PIPELINE_SOURCE": ["merge_request_event", "external_pull_request_event"],
    "GITHUB_EVENT_NAME": ["pull_request", "pull_request_target", "pull_request_review"],
}


@pytest.mark.parametrize(("name", "event"), [(name, event) for name in EVENTS for event in EVENTS[name]])
def test_defect_32_a_pull_request_does_not_act_on_its_target_branchs_secret(name: str, event: str) -> None:
    (problem,) = refused(COLOURED | {name: event})
    assert problem == (
        f"{name} is {event}, and mode blue-green-cluster would act on the secret of the pull request's target branch. "
        "Run the step for pushes only, or set allow_pull_request."
    )
    assert secret(COLOURED | {name: event, "PLUGIN_ALLOW_PULL_REQUEST": "true"}) == "production-shop"


def test_defect_32_one_variable_that_tells_of_a_pull_request_is_enough() -> None:
    assert len(refused(COLOURED | {"DRONE_BUILD_EVENT": "push", "GITHUB_EVENT_NAME": "pull_request_target"})) == 1
    assert len(refused(COLOURED | {"DRONE_BUILD_EVENT": "pull_request", "PLUGIN_ALLOW_PULL_REQUEST": "no"})) == 1


@pytest.mark.parametrize("event", ["push", "tag", "promote", "rollback", "cron", "custom", "manual", "deployment"])
def test_every_other_event_deploys(event: str) -> None:
    assert secret(COLOURED | {"DRONE_BUILD_EVENT": event, "CI_PIPELINE_EVENT": event}) == "production-shop"
