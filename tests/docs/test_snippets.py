"""Every snippet of the documentation is one that works: settings, commands, policies, scenarios and programs."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.simulator import scenario
from drone_deploy_ecs.simulator.world import task_definition
from tests.docs.pages import DOCS, ROOT, SNIPPETS, Snippet
from tests.docs.pipelines import of_shell, of_yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SET_BEFORE = {"AWS_DEFAULT_REGION": "eu-west-1", "PLUGIN_CLUSTER": "demo", "PLUGIN_CONTAINER": "app"}
"""What a console's earlier lines have exported."""
POLICY = {
    "type": "object",
    "required": ["Version", "Statement"],
    "additionalProperties": False,
    "properties": {
        "Version": {"const": "2012-10-17"},
        "Statement": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/statement"}},
    },
    "$defs": {
        "statement": {
            "type": "object",
            "required": ["Effect", "Action"],
            "additionalProperties": False,
            "oneOf": [{"required": ["Resource"]}, {"required": ["Principal"]}],
            "properties": {
                "Sid": {"type": "string", "pattern": "^[A-Za-z0-9]+$"},
                "Effect": {"const": "Allow"},
                "Action": {"$ref": "#/$defs/actions"},
                "Resource": {"$ref": "#/$defs/resources"},
                "Principal": {"type": "object"},
                "Condition": {"type": "object", "propertyNames": {"enum": ["ArnEquals", "StringEquals", "StringLike"]}},
            },
        },
        "action": {"type": "string", "pattern": "^[a-z-]+:[A-Z][A-Za-z]+$"},
        "actions": {"anyOf": [{"$ref": "#/$defs/action"}, {"type": "array", "items": {"$ref": "#/$defs/action"}}]},
        "resource": {"type": "string", "pattern": r"^(\*|arn:aws:[a-z-]+:.+)$"},
        "resources": {
            "anyOf": [{"$ref": "#/$defs/resource"}, {"type": "array", "items": {"$ref": "#/$defs/resource"}}]
        },
    },
}


@pytest.fixture(autouse=True)
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The files that snippets name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "web.json").write_text(json.dumps({"taskDefinition": task_definition()}))
    (tmp_path / "deploy" / "patch.json").write_text('{"cpu": "512"}')
    (tmp_path / "imagedefinitions.json").write_text('[{"name": "app", "imageUri": "shop:2"}]')


def of(*languages: str) -> pytest.MarkDecorator:
    """The snippets in these, as parameters."""
    return pytest.mark.parametrize("snippet", [one for one in SNIPPETS if one.language in languages], ids=str)


def typed(snippet: Snippet) -> str:
    """What a person types in a terminal, without what it answers."""
    if snippet.language == "sh":
        return snippet.text
    return "\n".join(re.findall(r"^\$ (.+)$", snippet.text, re.MULTILINE))


def check_pipeline(text: str) -> int:
    """How many runs of the plugin are in it. Raises where one would be refused, or warned of."""
    runs = of_yaml(text)
    for run in runs:
        assert not run.problems()
    return len(runs)


def test_every_snippet_is_in_a_language_that_is_checked() -> None:
    checked = {"", "console", "json", "python", "sh", "text", "toml", "yaml"}
    assert {one.language for one in SNIPPETS} <= checked
    assert {one.language for one in SNIPPETS if DOCS in one.page.parents} <= checked - {""}


@of("yaml")
def test_a_pipeline_has_settings_that_exist_and_values_that_fit(snippet: Snippet) -> None:
    others_only = "amazon-ecs-deploy-task-definition" in snippet.text
    assert check_pipeline(snippet.text) or others_only


@of("sh", "console")
def test_a_command_is_shell_and_has_flags_that_exist(snippet: Snippet) -> None:
    script = typed(snippet)
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=10)
    for run in of_shell(script, SET_BEFORE if snippet.language == "console" else {}):
        try:
            assert not run.problems()
        except Refused:
            assert "Refused: nothing was changed." in snippet.text, snippet


@of("json")
def test_json_is_json_and_a_policy_is_a_policy(snippet: Snippet) -> None:
    found = json.loads(snippet.text)
    document = {"Version": "2012-10-17", "Statement": found} if isinstance(found, list) else found
    Draft202012Validator(POLICY).validate(document)


@of("toml")
def test_toml_is_a_scenario(snippet: Snippet) -> None:
    assert scenario.read(tomllib.loads(snippet.text)).services


@of("python")
def test_python_is_python(snippet: Snippet) -> None:
    ast.parse(snippet.text)  # and run against the simulator, in tests/wheel


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("    settings:\n      clutser: prod\n", AssertionError),
        ("    settings:\n      timeout: soon\n", Refused),
        ("    settings:\n      disable_rollbacks: false\n", AssertionError),
        ("    settings:\n      image: shop:${DRONE_COMIT_SHA}\n", KeyError),
        ("steps:\n  - settings:\n      cluster: prod\n", Refused),
        ("deploy:\n  script:\n    - drone-deploy-ecs deploy --clutser prod\n", Refused),
        ("- run: exec drone-deploy-ecs deploy --service 'a b'\n", Refused),
        ("- command: docker run -e PLUGIN_CLUTSER=prod drone-deploy-ecs\n", AssertionError),
    ],
)
def test_a_wrong_pipeline_is_found(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        check_pipeline(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"Action": "ecs:*"},
        {"Action": "UpdateService"},
        {"Resource": "web"},
        {"Resurce": "*"},
        {"Condition": {"Is": {}}},
    ],
)
def test_a_wrong_policy_is_found(wrong: dict[str, Any]) -> None:
    good = {"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*"}
    valid: Callable[[object], bool] = Draft202012Validator(POLICY).is_valid
    assert valid({"Version": "2012-10-17", "Statement": [good]})
    assert not valid({"Version": "2012-10-17", "Statement": [good | wrong]})


def test_every_page_of_a_ci_system_has_a_pipeline_that_deploys() -> None:
    pages = {one.page.name for one in SNIPPETS if one.language == "yaml" and of_yaml(one.text)}
    assert {
        f"{name}.md" for name in ("drone", "woodpecker", "github-actions", "gitlab", "buildkite", "promote")
    } <= pages
    assert (ROOT / "README.md").name in pages
