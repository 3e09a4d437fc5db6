"""What must not be printed: environment values, secrets' ARNs, credentials; found in a text, replaced by `***NAME***`.

A container may print its own environment, and AWS's messages may quote a request. What is known is hidden; a value that
only the container knows can't be.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct

from drone_deploy_ecs.core.ecs.taskdef import entries
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SHORTEST = 6
"""Characters. Shorter values (`true`, `8080`) are everywhere."""
CREDENTIALS = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)  # fmt: skip
_ARN = r"arn:aws[\w-]*:(?:secretsmanager|ssm):[^\s,;'\"<>()\[\]{}]+"
_OPTION = r"(?i)token|secret|password|api-?key"
"""Names of log driver options that are confidential (`splunk-token`)."""
_OPTIONAL_PARTS = 7
"""Colons in a secret's ARN: `:json-key:version-stage:version-id` may follow."""

# Words of this program's own lines, and of AWS's: a value that is one of them hides nothing there, and spoils the line.
COMMON = (
    "running starting stopped failed failing healthy unhealthy draining completed complete deployment deployments "
    "service services container containers task tasks target group health checks image images registered updated "
    "rolling rolled region cluster credentials warning allowed isn't can't Essential exited error Error timeout timed "
    "EssentialContainerExited TaskFailedToStart ServiceSchedulerInitiated PRIMARY ACTIVE COMPLETED IN_PROGRESS FAILED "
    "DescribeServices DescribeTasks ListTasks UpdateService RegisterTaskDefinition AccessDeniedException"
)


class Secret(Struct, frozen=True):
    """A value that must not be shown, and the name to show for it."""

    name: str
    value: str

    def __repr__(self) -> str:
        """By its name: what holds secrets may be printed in a traceback."""
        return f"Secret({self.name!r})"


class Masks:
    """Hides known values. Longest first, so that a value that contains another is hidden as a whole."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._names: dict[str, str] = {}
        for secret in secrets:
            for form in _forms(secret.value):
                self._names.setdefault(form, f"***{safe(secret.name, 80)}***")
        longest_first = sorted(self._names, key=lambda form: (-len(form), form))
        self._forms = longest_first
        self._pattern = re.compile("|".join([*map(re.escape, longest_first), _ARN]))

    def hide(self, text: str) -> str:
        """The text without these values, nor a value's beginning where the text was cut."""
        hidden = self._pattern.sub(lambda match: self._names.get(match.group(), "***SECRET_ARN***"), text)
        return self._hide_cut(hidden) if "…" in hidden else hidden

    def _hide_cut(self, text: str) -> str:
        for form in self._forms:
            start = form[:SHORTEST]
            at = text.find(start)
            while at >= 0:
                end = text.find("…", at)
                if end >= 0 and form.startswith(text[at:end]):
                    text = text[:at] + self._names[form] + text[end:]
                at = text.find(start, at + 1)
        return text


def sparing(secrets: Iterable[Secret], public: str) -> Masks:
    """Masks for lines of our own: values that are shown anyway (the cluster's name, say) are left."""
    return Masks(secret for secret in secrets if secret.value not in public)


def secrets(body: Mapping[str, Any]) -> Iterator[Secret]:
    """Everything confidential that a task definition (as registered) tells."""
    for container in entries(body, "containerDefinitions"):
        logging = container.get("logConfiguration") or {}
        for variable in entries(container, "environment"):
            yield Secret(str(variable.get("name") or ""), str(variable.get("value") or ""))
        for entry in (*entries(container, "secrets"), *entries(logging, "secretOptions")):
            yield from reference(str(entry.get("name") or ""), str(entry.get("valueFrom") or ""))
        for name, value in (logging.get("options") or {}).items():
            if value is not None and re.search(_OPTION, name):
                yield Secret(name, str(value))
        login = (container.get("repositoryCredentials") or {}).get("credentialsParameter") or ""
        yield from reference("registry credentials", str(login))


def inputs(targets: Iterable[Mapping[str, Any]]) -> Iterator[Secret]:
    """What the targets of a rule or schedule hand on: JSON with environment values, mostly."""
    for target in targets:
        if isinstance(text := target.get("Input"), str):
            yield Secret("Input", text)
            with suppress(ValueError):
                yield from (Secret("Input", value) for value in _texts(json.loads(text)))


def _texts(value: Any) -> Iterator[str]:
    """Every text in JSON, however deep."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def credentials(env: Mapping[str, str]) -> tuple[Secret, ...]:
    """AWS credentials in the environment: AWS quotes some of them when a signature is wrong."""
    return tuple(Secret(name, env[name]) for name in CREDENTIALS if env.get(name))


def reference(name: str, arn: str) -> Iterator[Secret]:
    """Where a secret is kept: as written, and as AWS's messages name it."""
    yield Secret(name, arn)
    parts = arn.split(":")
    if parts[0] == "arn":
        yield Secret(name, ":".join(parts[:_OPTIONAL_PARTS]))


def _forms(value: str) -> Iterator[str]:
    """A value as it may turn up: whole, line by line, escaped for JSON or a URL, and made safe to print."""
    for part in (value, *value.splitlines()):
        for form in (part, part.strip(), json.dumps(part)[1:-1], quote(part, safe=""), safe(part, 2 * len(part) + 1)):
            if len(form) >= SHORTEST:
                yield form
