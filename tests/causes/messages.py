"""The messages of `messages.toml`: what ECS said, what it means, and how rightly the project explains it.

The tests, `scripts/causes.py` and `docs/generate.py` read them here. What its members are, `messages.toml` says itself.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from drone_deploy_ecs.core.causes.cause import Cause, cause_of_event, cause_of_task
from drone_deploy_ecs.core.causes.known import Weight
from drone_deploy_ecs.core.ecs.service import ServiceEvent
from drone_deploy_ecs.core.ecs.task import Attachment, Container, Detail, Task

FILE = Path(__file__).with_suffix(".toml")
KINDS = ("task", "container", "event", "attachment", "rollout", "statusReason")
PLATFORMS = ("ec2", "windows", "fargate-1.3", "fargate-1.4", "managed-instances", "any", "")
NONE, TRANSIENT, REPEATING, TERMINAL = CLASSES = ("none", "transient", "repeating", "terminal")
"""The classes of messages, the mildest first."""
GENERIC = frozenset({
    "exited", "init-failed", "launch-failed", "not-placed", "not-started", "pull-failed", "stopped-by-ecs", "unexplained",
})  # fmt: skip
"""Causes that say no more than that something failed."""
LEARNT, JUDGED, UNSEEN, LATER, FOUND, RARE, LAST = "wnmuvxy"
"""First letters of messages: the patterns were made with them, or they were judged before, or without reading them.

The last five were judged without reading the patterns, by another person each, the later ones when the patterns served
all of the others: then those that were found, those that were sought because they are rare, and again those found.
"""


class Grade(Enum):
    """How rightly a message is explained."""

    RIGHT = "right"
    """The cause is one of those that explain it, and so is its weight."""
    MILD = "too mild"
    """The right cause, but it is waited for longer than it need be."""
    HARSH = "too harsh"
    """The right cause, but a deployment that may come right is given up."""
    GENERIC = "generic"
    """No more than that something failed."""
    SILENT = "silent"
    """No word, though there is something to say."""
    WRONG = "wrong"
    """Another cause, or one where nothing is wrong."""


class Message(NamedTuple):
    """What ECS said of one failure, in the parts in which it says it, and what that means.

    `text` is the whole of what isn't said of a task. `others` are containers beside the one that `container_reason` and
    `exit_code` are of.
    """

    id: str
    kind: str
    platform: str
    stop_code: str
    stopped_reason: str
    container: str
    container_reason: str
    exit_code: int | None
    others: tuple[Container, ...]
    text: str
    weight: str
    given: str
    causes: tuple[str, ...]
    subject: str
    why: str
    note: str
    source: str
    filled_in: str

    @property
    def is_of_a_task(self) -> bool:
        """Whether it is explained as a stopped task, and not as an event."""
        return self.kind in ("task", "container", "attachment")

    @property
    def said(self) -> str:
        """The words that matter: those of the container, of the task, or the event's."""
        return self.container_reason or self.text or self.stopped_reason

    def explained(self) -> Cause | None:
        """What the project makes of it."""
        return cause_of_task(self.task()) if self.is_of_a_task else cause_of_event(event(self.event_text()))

    def task(self) -> Task:
        """The stopped task of which ECS said it."""
        details = (Detail("statusReason", self.text),)
        volumes = (Attachment("AmazonElasticBlockStorage", "FAILED", details),) if self.kind == "attachment" else ()
        first = _container(self.container, self.container_reason, self.exit_code)
        return Task(
            arn="arn:aws:ecs:eu-west-1:123456789012:task/prod/1", started_by="ecs-svc/1", task_definition="web:2",
            status="STOPPED", health="", stop_code=self.stop_code, stopped_reason=self.stopped_reason, created_at=None,
            started_at=None, stopped_at=None, containers=(first, *self.others),
            attachments=volumes,
        )  # fmt: skip

    def event_text(self) -> str:
        """The event that says it: what a deployment's own members say stands in an event as well."""
        if self.kind in ("rollout", "statusReason"):
            return f"(service web) (deployment ecs-svc/1) deployment failed: {self.text}"
        return self.text


def event(text: str) -> ServiceEvent:
    """A service event of that text."""
    return ServiceEvent(id="1", at=datetime(2026, 1, 1, tzinfo=UTC), message=text)


def _container(name: str, reason: str, exit_code: int | None, health: str = "") -> Container:
    return Container(name, "web:2", "", "STOPPED", exit_code, reason, health)


def class_of(cause: Cause | None) -> str:
    """A cause's weight as a class of messages; no cause is as good as none that counts."""
    return NONE if cause is None or cause.weight is Weight.NOT_EVIDENCE else cause.weight.value


def grade(message: Message, cause: Cause | None, weight: str = "") -> Grade:
    """How rightly this cause explains the message; `weight` is the class to measure with, if not its own."""
    wanted, told = weight or message.weight, class_of(cause)
    if cause is None or (told == NONE and not message.causes):
        return Grade.RIGHT if wanted == NONE else Grade.SILENT
    if cause.name not in message.causes:
        return Grade.GENERIC if cause.name in GENERIC and wanted != NONE else Grade.WRONG
    if told == wanted:
        return Grade.RIGHT
    return Grade.MILD if CLASSES.index(told) < CLASSES.index(wanted) else Grade.HARSH


def message(name: str, row: dict[str, Any]) -> Message:
    """A message as a table of the file tells it; takes the members out of it."""
    others = tuple(
        _container(other["name"], other.get("reason", ""), other.get("exit_code"), other.get("health", ""))
        for other in row.pop("others", ())
    )
    weight, exit_code, causes = row.pop("class"), row.pop("exit_code", None), tuple(row.pop("causes"))
    texts = {
        key: row.pop(key, "")
        for key in (
            "kind", "platform", "stop_code", "stopped_reason", "container_reason", "text", "subject", "why", "note",
            "source", "filled_in",
        )
    }  # fmt: skip
    container, given = row.pop("container", "app"), row.pop("given_class", weight)
    if row:
        raise ValueError(f"{name} has members that nothing reads: {', '.join(row)}")
    return Message(
        id=name, container=container, exit_code=exit_code, others=others, weight=weight, given=given, causes=causes, **texts
    )  # fmt: skip


MESSAGES = tuple(message(name, row) for name, row in tomllib.loads(FILE.read_text(encoding="utf-8")).items())
