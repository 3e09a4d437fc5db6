"""What is handed in to registries is as they want it: by their documented fields, written down here."""

from __future__ import annotations

import tomllib
from xml.etree import ElementTree as ET

import pytest
import yaml
from jsonschema import Draft202012Validator

from drone_deploy_ecs.settings.table import SETTINGS
from tests.docs.pages import DOCS, ROOT
from tests.docs.pipelines import of_yaml

URL = {"type": "string", "pattern": r"^https?://[\w.-]+\.[a-z]{2,4}(/.*)?$"}
TEXT = {"type": "string", "minLength": 1}
PROPERTY = {
    "type": "object",
    "required": ["type", "defaultValue", "description", "secret", "required"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["string", "number", "array", "boolean", "object"]},
        "defaultValue": {"type": ["number", "string", "boolean", "array", "object"]},
        "description": TEXT,
        "secret": {"type": "boolean"},
        "required": {"type": "boolean"},
    },
}
DRONE = Draft202012Validator({
    "type": "object",
    "required": ["title", "author", "repo", "description"],
    "additionalProperties": False,
    "properties": {
        "title": TEXT, "author": TEXT, "description": TEXT, "example": TEXT, "repo": URL, "image": URL, "readme": URL,
        "tags": {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
        "logo": {"type": "string", "pattern": r"^[\w-]+\.(svg|png)$"},
        "license": {"enum": ["None", "Apache License 2.0", "MIT License", "The Unlicense"]},  # and eleven others
        "properties": {
            "type": "object", "minProperties": 1, "additionalProperties": False,
            "patternProperties": {"^[a-zA-Z0-9_-]+$": PROPERTY},
        },
    },
})  # fmt: skip
"""Fields of drone/drone-plugin-index."""
WOODPECKER = Draft202012Validator(
    {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            **dict.fromkeys(("name", "author", "description", "containerImage"), TEXT),
            **dict.fromkeys(("icon", "url", "containerImageUrl"), URL),
            "tags": {"type": "array", "items": TEXT},
        },
    }
)
"""Metadata that Woodpecker's page on creating plugins lists."""
ENTRY = yaml.safe_load((ROOT / "registries" / "drone" / "content.yaml").read_text(encoding="utf-8"))
_, HEADER, BODY = (ROOT / "registries" / "woodpecker" / "docs.md").read_text(encoding="utf-8").split("---\n", 2)


def test_drones_index_would_take_the_entry() -> None:
    DRONE.validate(ENTRY)


@pytest.mark.parametrize(
    "wrong", [{"repo": "somewhere"}, {"logo": "logo.gif"}, {"extra": 1}, {"tags": []}, {"properties": {"a": {}}}]
)
def test_drones_index_would_refuse_a_wrong_entry(wrong: dict[str, object]) -> None:
    assert not DRONE.is_valid(ENTRY | wrong)


def test_the_entry_has_every_setting_with_a_default_of_its_type() -> None:
    assert list(ENTRY["properties"]) == [one.name for one in SETTINGS]
    python = {"string": str, "number": int, "boolean": bool, "array": list}
    told = ENTRY["properties"].values()
    assert not [
        one for one in told if one["defaultValue"] != "" and type(one["defaultValue"]) is not python[one["type"]]
    ]
    assert [name for name, one in ENTRY["properties"].items() if one["secret"]] == [
        "environment",
        "secrets",
        "patch",
        "probe",
        "notify",
        "aws_role_external_id",
    ]
    assert ENTRY["properties"]["max_deploy_checks"]["defaultValue"] == 60


def test_the_entrys_example_deploys() -> None:
    (run,) = of_yaml(ENTRY["example"])
    assert not run.problems()


def test_woodpeckers_index_would_take_the_header() -> None:
    header = yaml.safe_load(HEADER)
    WOODPECKER.validate(header)
    assert not WOODPECKER.is_valid(header | {"tag": "deploy"})
    assert all(f"| `{one.name}` |" in BODY for one in SETTINGS)


def test_no_address_is_made_up() -> None:
    addresses = [value for value in (*ENTRY.values(), *yaml.safe_load(HEADER).values()) if "://" in str(value)]
    assert len(addresses) == 4
    assert not [one for one in addresses if one.split("/")[2].rpartition(".example.com")[0] not in ("git", "registry")]


def test_every_registry_tells_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    header = yaml.safe_load(HEADER)
    assert ENTRY["description"] == header["description"] == project["description"]
    assert ENTRY["title"] == header["name"] == project["name"]
    assert project["description"] in (ROOT / "Dockerfile").read_text()


def test_the_logo_is_a_picture_with_a_title_and_nothing_else() -> None:
    logo = ET.parse(DOCS / "logo.svg").getroot()
    assert logo.tag == "{http://www.w3.org/2000/svg}svg"
    width, height = logo.attrib["viewBox"].split()[2:]
    assert width == height
    parts = [one.tag.rpartition("}")[2] for one in logo]
    assert parts[0] == "title"
    assert set(parts) == {"title", "rect", "path"}
