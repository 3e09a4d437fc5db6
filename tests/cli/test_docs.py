"""The documentation says what the code does: generated pages, the policy, the scenario, and the report's schema."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.core.calls.service_deployments import (
    ContinueServiceDeployment,
    DescribeServiceDeployments,
    DescribeServiceRevisions,
    StopServiceDeployment,
)
from drone_deploy_ecs.core.report.json import VERSION
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.settings.table import SETTINGS
from drone_deploy_ecs.settings.values import MODES
from drone_deploy_ecs.simulator import scenario
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.schemas import amiss, strictly
from tests.sent import SENT
from tests.simulator.native import hooked
from tests.stories.story import Teller, small_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
OF_SERVICE_DEPLOYMENTS = (
    DescribeServiceDeployments, DescribeServiceRevisions, StopServiceDeployment, ContinueServiceDeployment,
)  # fmt: skip
RECORD = "ListServiceDeployments"
EVIDENCE = ("GetLogEvents", "DescribeTargetHealth", "DescribeTargetGroups", "DescribeAlarms", RECORD)
"""ECS's own record of a deployment: evidence as well."""
"""Services that are asked only once a deployment failed, and may be left out of the policy."""
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """`docs/generate.py`, which is no package's."""
    spec = spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Teller:
    """Runs the plugin in a simulated world; no transcript is kept."""
    return Teller("in process", monkeypatch, tmp_path)


# --- pages ---


def test_generated_pages_say_what_the_code_says(generate: ModuleType) -> None:
    drifted = [str(path) for path, text in generate.pages().items() if path.read_text(encoding="utf-8") != text]
    assert not drifted, "run `make docs`"


def test_every_member_of_what_the_pages_explain_is_explained(generate: ModuleType) -> None:
    enums = (generate.ExitCode, generate.EndState, generate.Verdict, generate.Weight)
    unexplained = [(enum.__name__, name) for enum in enums for name, said in generate.members(enum).items() if not said]
    assert not unexplained


def test_the_check_tells_what_drifted_and_changes_nothing(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(README)
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert generate.main(["--check"]) == 1
    assert "docs/settings.md isn't what the code says" in capsys.readouterr().err
    assert not list((tmp_path / "docs").iterdir())
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def test_every_file_that_architecture_names_is_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = {one for one in re.findall(r"`([\w/]+\.(?:py|md|json|toml))`", text) if "/" in one or one.endswith(".py")}
    package = ROOT / "src" / "drone_deploy_ecs"
    assert named
    assert not [name for name in named if not (ROOT / name).exists() and not list(package.rglob(name))]


def test_architecture_has_a_place_for_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    package = ROOT / "src" / "drone_deploy_ecs"
    rooms = [path.parent.relative_to(package).as_posix() for path in package.rglob("__init__.py")][1:]
    assert rooms
    assert not [name for name in rooms if f"`{name}`" not in text and f"`{name.removeprefix('core/')}`" not in text]


def test_architecture_has_the_layers_in_order() -> None:
    text = " ".join((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split())
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one.get("containers") == ["drone_deploy_ecs"])
    assert " → ".join(f"`{layer}`" for layer in layers if layer != "(__main__)") in text


# --- the README ---


def test_the_list_of_permissions_has_every_call_and_no_other() -> None:
    told = README.partition("<!-- generated: permissions -->")[2].partition("<!-- end -->")[0]
    # Patterns in `service` are a feature of their own, as ECS's own strategies, one-off tasks, schedules, builds and
    # cleanup are, and what only tells more of a failure.
    cleanup = ("ListClusters", "ListTaskDefinitions", "DeregisterTaskDefinition")
    features = ("ListServices", "RunTask", "StopTask", "TagResource", *cleanup, RECORD)
    others = (*features, *(call.operation for call in OF_SERVICE_DEPLOYMENTS))
    made = [call.permission for call in SENT if call.service == "ecs" and call.operation not in others]
    assert sorted(re.findall(r"`([\w-]+:\w+)`", told)) == sorted([*made, "iam:PassRole", "ecs:TagResource"])


def test_the_evidence_policy_allows_every_source_and_no_other() -> None:
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    policy = json.loads(page.partition("<!-- evidence policy -->\n```json\n")[2].partition("```")[0])
    allowed = [one for statement in policy["Statement"] for one in _list(statement["Action"])]
    sources = (call.permission for call in SENT if call.operation in EVIDENCE)
    assert sorted(allowed) == sorted(sources)


def _list(one: Any) -> list[str]:
    return one if isinstance(one, list) else [one]


@pytest.mark.parametrize(
    ("operation", "exit_code", "said"),
    [
        ("DescribeServices", 2, "nothing was changed"),
        ("DescribeTaskDefinition", 2, "nothing was changed"),
        ("RegisterTaskDefinition", 2, "was not changed"),
        ("UpdateService", 2, "was not changed"),
        ("ListTasks", 3, "as before"),
        ("DescribeTasks", 3, "as before"),
    ],
)
def test_without_a_permission_it_is_as_the_documentation_says(
    run: Teller, operation: str, exit_code: int, said: str
) -> None:
    world = small_world()
    world.faults.add(Effect.DENY, operation)
    told = run(world, image="shop:crash", timeout="3m")
    assert told.exit_code == exit_code
    assert said in told.last_line
    if exit_code == 3:
        assert told.report["verdict"] == "TimedOut"
        assert f"ecs:{operation} isn't allowed: stopped tasks and their reasons can't be shown" in told.stderr


def test_the_scenario_of_the_documentation_is_one(tmp_path: Path, run: Teller) -> None:
    path = tmp_path / "scenario.toml"
    page = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    path.write_text(page.partition("<!-- scenario -->\n```toml\n")[2].partition("```")[0])
    assert set(tomllib.loads(path.read_text())) <= set(scenario.TABLES)
    told = run(scenario.load(str(path)))
    assert told.exit_code == 3
    assert told.report["services"][0]["causes"][0]["name"] == "exited"


def test_the_drone_step_uses_settings_that_exist() -> None:
    steps = "".join(re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
    names = set(re.findall(r"^      (\w+):", steps, re.MULTILINE)) - {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert {"cluster", "image"} <= names <= {one.name for one in SETTINGS}


def test_every_variable_and_flag_in_the_readme_exists() -> None:
    variables = set(re.findall(r"PLUGIN_[A-Z_]+\b(?=[=\s])", README))
    assert variables
    assert variables <= {one.variable for one in SETTINGS}
    flags = {
        flag for line in re.findall(r"drone-deploy-ecs deploy (--.*)", README) for flag in re.findall(r"--[\w-]+", line)
    }
    assert flags
    assert flags <= {one.flag for one in SETTINGS}


def test_every_mode_is_told_of_and_those_of_a_setting_stand_below_it() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert all(f"`mode: {mode}`" in README for mode in MODES)
    assert "### image\n" in page
    assert (
        "- modes: `rolling`, `blue-green`\n- required, unless `tag`"
        in page.partition("### image\n")[2].partition("##")[0]
    )


# --- the report ---


@pytest.fixture(scope="module")
def strict() -> Draft202012Validator:
    """Of the published schema."""
    return strictly("report")


class Cancelled:
    """A signal that came after the update."""

    def __init__(self, world: World) -> None:
        self.signal = 0
        world.at(20, self._arrive)

    def defer(self) -> None:
        """It comes later."""

    def _arrive(self) -> None:
        self.signal = 15


def completed(run: Teller) -> None:
    run(small_world())


def unchanged(run: Teller) -> None:
    run(small_world(), image="shop:1", skip_unchanged="yes")


def rolled_back(run: Teller) -> None:
    world = small_world()
    world.service("prod", "web").breaker = Breaker()
    run(world, image="shop:missing", max_failed_tasks="99")


def failed(run: Teller) -> None:
    run(small_world(), image="shop:crash")


def timed_out(run: Teller) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(starts_after=10_000))
    run(world, timeout="1m")


def superseded(run: Teller) -> None:
    world = small_world()
    theirs = world.register(task_definition("web", "shop:9"))
    world.at(19, lambda: world.deploy(world.service("prod", "web"), theirs))
    run(world)


def unknown(run: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.UNREACHABLE, "DescribeServices", after=10)
    run(world, timeout="1m")


def refused(run: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.DENY, "UpdateService")
    run(world)


def refused_before_the_first_write(run: Teller) -> None:
    run(small_world(), service="nowhere")


def withdrawn(run: Teller) -> None:
    world = small_world()
    world.add_service("prod", "bad", task_definition("bad", "shop:1", cpu="512"))
    world.push("shop:2", Behaviour(exits_after=1, exit_code=1, heals_after=None))
    world.faults.add(Effect.DENY, "UpdateService", about="bad")
    run(world, service="web,bad")


def cancelled(run: Teller) -> None:
    world = small_world()
    run(world, cancellation=Cancelled(world))


def paused(tell: Teller) -> None:
    tell(hooked("POST_SCALE_UP", is_pause=True), on_pause="leave")


ENDINGS: dict[Callable[[Teller], None], Verdict] = {
    completed: Verdict.COMPLETED, unchanged: Verdict.UNCHANGED, rolled_back: Verdict.ROLLED_BACK, failed: Verdict.FAILED,
    timed_out: Verdict.TIMED_OUT, superseded: Verdict.SUPERSEDED, unknown: Verdict.UNKNOWN, refused: Verdict.REFUSED,
    refused_before_the_first_write: Verdict.REFUSED, withdrawn: Verdict.WITHDRAWN, cancelled: Verdict.CANCELLED,
    paused: Verdict.PAUSED,
}  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda one: one.__name__)
def test_every_kind_of_report_is_as_the_schema_says(
    ending: Callable[[Teller], None], run: Teller, strict: Draft202012Validator
) -> None:
    ending(run)
    (told,) = run.told
    seen = {told.report["verdict"], *(one["verdict"] for one in told.report["services"])}
    assert ENDINGS[ending].value in seen
    assert told.report["version"] == VERSION
    assert not amiss(strict, told.report)


def test_there_is_a_report_of_every_verdict() -> None:
    assert set(ENDINGS.values()) == set(Verdict)


@pytest.mark.parametrize("broken", [{"verdict": "Fine"}, {"extra": 1}, {"exit_code": 1}, {"started_at": 7}])
def test_the_schema_finds_what_is_wrong(run: Teller, strict: Draft202012Validator, broken: dict[str, Any]) -> None:
    run(small_world())
    assert not strict.is_valid(run.told[0].report | broken)


@pytest.mark.parametrize("published", ["report", "status"])
def test_every_member_of_a_schema_is_described(published: str) -> None:
    schema = strictly(published).schema
    assert isinstance(schema, dict)
    todo, bare = [("", schema)], []
    while todo:
        at, one = todo.pop()
        for name, member in one.get("properties", {}).items():
            if not member.get("description"):
                bare.append(f"{at}.{name}")
            todo.append((f"{at}.{name}", member))
        if "items" in one:
            todo.append((f"{at}[]", one["items"]))
    assert not bare
