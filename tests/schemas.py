"""The published schemas, read strictly: what they don't describe isn't allowed. Readers must be lenient, tests not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker

DOCS = Path(__file__).parents[1] / "docs"
FORMATS = FormatChecker(())


@FORMATS.checks("date-time", ValueError)
def is_moment(told: object) -> bool:
    """Whether it is one in UTC; what isn't text has no format."""
    return not isinstance(told, str) or datetime.fromisoformat(told).tzinfo == UTC


def strictly(name: str) -> Draft202012Validator:
    """Of `docs/<name>.schema.json`."""
    schema = json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    todo = [schema]
    while todo:
        part = todo.pop()
        if "properties" in part:
            part["additionalProperties"] = False
            todo += part["properties"].values()
        if "items" in part:
            todo.append(part["items"])
    return Draft202012Validator(schema, format_checker=FORMATS)


def amiss(validator: Draft202012Validator, told: object) -> list[str]:
    """What of that isn't as the schema says."""
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(told)]
