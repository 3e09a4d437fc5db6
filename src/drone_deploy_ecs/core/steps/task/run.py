"""RunTask: one task of a revision, launched as a service's own tasks are, and what it must come to."""

from __future__ import annotations

import shlex
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.causes.evidence import LogPlace
from drone_deploy_ecs.core.ecs.launch import Launch
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.steps.attempts import Attempts
from drone_deploy_ecs.core.steps.kind import KindStep
from drone_deploy_ecs.core.steps.task.log import Log
from drone_deploy_ecs.core.steps.task.running import Running
from drone_deploy_ecs.core.text import safe, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.tasks import Tags
    from drone_deploy_ecs.core.ecs.taskdef import Defined
    from drone_deploy_ecs.core.steps.step import Context

LONGEST = 200
"""Characters of a command, for people."""
TOKEN = 48
"""Characters of a token: it must have at most 64."""


class RunTask(KindStep, Struct, frozen=True, kw_only=True):
    """Run `command` in `container` of a task of its own, and wait for exit code 0.

    `word` is the setting's name, by which people know it. The revision is `definition`, or "" where the step with the
    key `registration` registers it first; `like` names the service whose `launch` it has, and, where that has its
    tasks get them, `tags`: those are read first. `log` is where
    its container logs to, but for the task's id at the end, or why that can't be read. `timeout` is in seconds. With
    `when_serving` it waits for the new version to serve; it is stopped when the run is cancelled, unless `may_be_left`.
    """

    word: str
    like: str
    region: str
    cluster: str
    container: str
    command: tuple[str, ...]
    timeout: float
    definition: str = ""
    registration: str = ""
    launch: Launch = Launch()
    tags: Tags = ()
    defined: frozenset[Defined] = frozenset()
    log: LogPlace | str = ""
    when_serving: bool = False
    may_be_left: bool = False

    @property
    def target(self) -> None:
        """See `Step`: the whole run."""
        return

    @property
    def needs(self) -> tuple[str, ...]:
        """See `Step`: the revision."""
        return (self.registration,) if self.registration else ()

    @property
    def awaits_serving(self) -> bool:
        """See `Step`."""
        return self.when_serving

    @property
    def is_tagged(self) -> bool:
        """Whether the task gets tags."""
        return bool(self.tags) or self.launch.is_tagged

    @property
    def shown(self) -> str:
        """The command as a shell would take it, for people."""
        return safe(shlex.join(self.command), LONGEST)

    def __str__(self) -> str:
        revision = short(self.definition) or "that revision"
        return f"RunTask ({self.word}): {self.shown} in container {safe(self.container)} of a task of {revision}"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        when = "Once all of that serves the new version" if self.when_serving else "Once in this run"
        yield f"{when}, in cluster {short(self.cluster)} ({self.region}), launched as {self.like} is: {self.launch}"
        yield f"Wait for exit code 0, at most {span(self.timeout)}"
        log = f"from {self.log.group}" if isinstance(self.log, LogPlace) else f"can't be shown: {self.log}"
        yield f"Its log, as it comes, {log}"
        yield "Undo: it is stopped while it runs; what it did stays"

    def begin(self, context: Context, /) -> Running:
        """See `Step`."""
        log = Log() if isinstance(self.log, str) else Log(place=self.log)
        return Running(
            step=self,
            definition=context.outputs.get(self.registration, self.definition),
            attempt=context.attempt,
            patience=context.budget,
            began=context.now,
            is_queued=self.when_serving,
            wants_tags=self.launch.propagates == "SERVICE",
            starts=Attempts(not_before=context.now),
            log=log,
        )

    def token(self, attempt: str, definition: str, number: int) -> str:
        """What AWS knows the same request by: that of this attempt, and of its `number` th task."""
        parts = (attempt, self.word, self.region, self.container, *self.command, definition, str(number))
        return sha256("\0".join(parts).encode()).hexdigest()[:TOKEN]

    def started_by(self, token: str) -> str:
        """By which people, and a later look, find it."""
        return f"drone-deploy-ecs/{self.word}/{token}"
