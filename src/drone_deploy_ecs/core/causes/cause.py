"""Why a deployment fails: evidence (stopped tasks, service events) → ranked causes, each with what to do next.

What is known stands in the tables (`tasks.py`, `exits.py`, `events.py`); here it is applied to tasks and events.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.causes.events import EVENTS
from drone_deploy_ecs.core.causes.exits import EXIT_CODE_CAUSES, EXITED, UNEXPLAINED
from drone_deploy_ecs.core.causes.known import LONGEST, Known, Weight
from drone_deploy_ecs.core.causes.names import named
from drone_deploy_ecs.core.causes.tasks import FALLBACK_CAUSES, OPENING_WORDS, TASK_CAUSES
from drone_deploy_ecs.core.ecs.service import without_service
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from drone_deploy_ecs.core.ecs.service import Service, ServiceEvent
    from drone_deploy_ecs.core.ecs.task import Attachment, Container, Task

_EXITED = "EssentialContainerExited"
_WINDOWS = 0xFFFF_FFFF
"""Exit codes of Windows have 32 bits; ECS shows them with a sign or without."""
_TOLD_TO_END = 0xC000_013A
_BY_SIGNAL = (137, 143, _TOLD_TO_END, _TOLD_TO_END - _WINDOWS - 1)
"""Exit codes that ECS's own stopping gives: SIGTERM (on Windows CTRL_SHUTDOWN), then SIGKILL."""
_MOST = 255
_AFTERMATH = re.compile(r"Cannot(Stop|Inspect)Container|transition to stopped|dependency", re.IGNORECASE)
"""Reasons of containers that only stopped because another container failed."""
_GONE = "image-gone"
_OF_FILES = ("command-not-found", "command-not-executable")
_INJECTED = "aws-guardduty-agent-"
"""Beginning of the name of a container that GuardDuty puts into tasks: not essential, it brings none down."""
_CUT = re.compile(r"(\.\.\.|…)\s*$")
"""How ECS ends a message that it cuts off; the agents of before 2021 end it after so many characters without a word."""
_CUT_AT = 255
_WORD = re.compile(r"(?<!\S)[\"'(]?([a-z]+)[\"'.,:)]*\s", re.IGNORECASE)
"""A word with what follows it, but none of a name, an address or a number."""
_UNATTACHED = ("volume", "network-interface")
"""Causes that say that something couldn't be attached, and not why."""
_QUOTED = re.compile(r"(?:Reason: |with \(error )(?P<reason>.+)", re.DOTALL)
"""How an event quotes the reason of a task or of a call."""


class Cause(Struct, frozen=True, kw_only=True):
    """One reason, with the evidence in AWS's own words. `count` says how many tasks or events told the same.

    `do` is what to do about it, `names` the kinds of things (`causes.names`) that this is about, where the reason names
    them. `log` is the end of the container's own log, `evidence` what other sources say; both are safe to print.
    """

    name: str
    weight: Weight
    headline: str
    do: str
    names: tuple[str, ...] = ()
    container: str = ""
    exit_code: int | None = None
    stop_code: str = ""
    reason: str = ""
    task: str = ""
    count: int = 1
    log: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def advice(self) -> str:
        """What to do about it, with names that the reason has: what is hidden there is no name here."""
        names = named(self.names, self.reason)
        return f"{self.do} ({names})" if names else self.do

    def hidden(self, hide: Callable[[str], str]) -> Cause:
        """It with what it quotes as `hide` gives it: AWS's reasons may quote the container."""
        return replace(self, reason=hide(self.reason), evidence=tuple(map(hide, self.evidence)))

    @property
    def is_the_containers(self) -> bool:
        """Whether it is the container's own doing, not its surroundings'."""
        return self.weight in (Weight.TERMINAL, Weight.REPEATING)

    @property
    def key(self) -> tuple[str, str, int | None]:
        """What makes two causes the same for people."""
        return (self.name, self.container, self.exit_code)


def brief(cause: Cause) -> str:
    """The cause in our own words: `the container exited by itself (container app, exit code 1)`."""
    container = f"container {safe(cause.container)}" if cause.container else ""
    code = _shown(cause.exit_code) if cause.exit_code is not None else ""
    where = ", ".join(part for part in (container, code) if part)
    return f"{cause.headline} ({where})" if where else cause.headline


def _shown(exit_code: int) -> str:
    """Windows' codes in hexadecimal, too, in which Microsoft lists them."""
    hexadecimal = f" (0x{exit_code & _WINDOWS:X})" if not 0 <= exit_code <= _MOST else ""
    return f"exit code {exit_code}{hexadecimal}"


def describe(cause: Cause) -> str:
    """A cause in one line: our words first, then AWS's own."""
    reason = f": {safe(without_service(cause.reason))}" if cause.reason else ": no reason given" if cause.task else ""
    stop_code = f" [{safe(cause.stop_code)}]" if cause.stop_code else ""
    cut = " (ECS cut this off: it may be more)" if is_cut_off(cause.reason) else ""
    return f"{brief(cause)}{reason}{stop_code}{cut}"


def is_cut_off(reason: str) -> bool:
    """Whether ECS gives only the beginning of what was said."""
    return bool(_CUT.search(reason)) or len(reason) == _CUT_AT


@lru_cache(maxsize=2048)
def cause_of_task(task: Task) -> Cause:
    """Why this stopped task stopped."""
    container = _culprit(task)
    container_reason = container.reason if container else ""
    attached = tuple(text for attachment in task.unattached for text in _texts_of(attachment))
    known = _by_attachment(task, attached) or _known(_stop(task), container_reason, *attached)
    known = _unless_others_failed(known or _by_exit(task, container), task)
    if container:
        known = _unless_mounted(known, container)
    known = _unless_asked_by_digest(known, container.image if container else "")
    reasons: list[str] = []
    for said in (task.stopped_reason, container_reason, *(attachment.reason for attachment in task.unattached)):
        if said and not any(said in reason for reason in reasons):
            reasons.append(said)
    return seen(
        known,
        "; ".join(reasons),
        container=container.name if container else "",
        exit_code=container.exit_code if container else None,
        stop_code=task.stop_code,
        task=task.arn,
    )


def _unless_mounted(known: Known, container: Container) -> Known:
    """What isn't in the image may come to be in a volume, which another container fills."""
    if known.name not in _OF_FILES or not container.defined.has_mounts:
        return known
    return replace(known, weight=Weight.REPEATING)


def _unless_asked_by_digest(known: Known, image: str) -> Known:
    """A digest that ECS took from the tag was there, and is gone; one that the task definition names may still come."""
    if known.name != _GONE or (image and "@" not in image):
        return known
    return replace(known, weight=Weight.REPEATING)


def seen(known: Known, reason: str, **evidence: Any) -> Cause:
    """A known cause, with what was seen of it."""
    return Cause(
        name=known.name, weight=known.weight, headline=known.headline, do=known.advice, names=known.names, reason=reason, **evidence
    )  # fmt: skip


def _culprit(task: Task) -> Container | None:
    """The container that brought the task down, rather than one that had to stop with it.

    When a container exited, the others were stopped by a signal; when ECS stopped the task, all of them were.
    """
    has_exited = task.stop_code == _EXITED
    order: list[Callable[[Container], bool]] = [
        # Of an exit, a reason without an exit code says nothing: that one never ran, and the task lived on without it.
        lambda container: _says_why(container) and (container.exit_code is not None or not has_exited),
        lambda container: container.exit_code not in (None, 0, *_BY_SIGNAL),
        _says_why,
        lambda container: container.exit_code == _BY_SIGNAL[0],
        lambda container: container.exit_code == 0,
        lambda container: container.exit_code is not None or bool(container.reason),
    ]
    # Of an essential container's exit, a bad health says nothing: it may be a helper's.
    order.insert(len(order) if has_exited else 0, lambda container: container.health == "UNHEALTHY")
    containers = [container for container in task.containers if not container.name.startswith(_INJECTED)]
    if has_exited:
        containers = [container for container in containers if container.defined.is_essential] or containers
    culprits = (container for fits in order for container in containers if fits(container))
    return next(culprits, containers[0] if len(containers) == 1 else None)


def _says_why(container: Container) -> bool:
    return bool(container.reason) and not _AFTERMATH.search(container.reason)


def _known(*texts: str) -> Known | None:
    """The known cause that these texts show; a clear wording in any text wins over a vague one in an earlier text."""
    clear = next((known for text in texts for known in TASK_CAUSES if known.tells(text)), None)
    vague = clear or next((known for known in FALLBACK_CAUSES if known.tells("\n".join(texts))), None)
    if vague and not clear and (any(map(_is_unread, texts)) or all(map(_only_opens, texts))):
        # What is left out may say that it passes.
        return replace(vague, weight=Weight.TRANSIENT)
    return vague


def _is_unread(text: str) -> bool:
    return is_cut_off(text) or len(text) > LONGEST


def _only_opens(text: str) -> bool:
    """Whether it has no word yet with which what passes by itself doesn't begin; the last word may lack its end."""
    words = (word.lower() for word in _WORD.findall(text))
    return all(word in OPENING_WORDS or word.endswith("error") for word in words)


def _stop(task: Task) -> str:
    return f"{task.stop_code}: {task.stopped_reason}"


def _texts_of(attachment: Attachment) -> tuple[str, str]:
    """What ECS says of an attachment that failed; and, where that tells nothing known, what kind of thing it was."""
    kind = {"AmazonElasticBlockStorage": "EBS volume", "ElasticNetworkInterface": "network interface"}
    return attachment.reason, f"{kind.get(attachment.type, attachment.type)} attachment"


def _by_attachment(task: Task, attached: tuple[str, ...]) -> Known | None:
    """What a failed attachment tells, where the task only says that it waited for one in vain."""
    waited = _known(_stop(task)) if attached else None
    return _known(*attached) if waited and waited.name in _UNATTACHED else None


def _by_exit(task: Task, container: Container | None) -> Known:
    if container is None or container.exit_code is None:
        return EXITED if task.stop_code == _EXITED else UNEXPLAINED
    return EXIT_CODE_CAUSES.get(container.exit_code & _WINDOWS, EXITED)


def _unless_others_failed(known: Known, task: Task) -> Known:
    """The cause, where a container's exit brought the task down: of several that failed it isn't known whose.

    And the one that says why, or gives a clear exit code, may do so in every version, where it isn't known to be
    essential. Of those that aren't none brings a task down.
    """
    by_themselves = [
        container
        for container in task.containers
        if container.defined.is_essential and container.exit_code not in (None, 0, *_BY_SIGNAL)
    ]
    if known.weight is Weight.TERMINAL and task.stop_code in ("", _EXITED) and len(by_themselves) > 1:
        return replace(known, weight=Weight.REPEATING)
    return known


def cause_of_event(event: ServiceEvent) -> Cause | None:
    """What a service event says about a deployment, if it says anything bad."""
    quoted = _QUOTED.search(event.message)
    known = _known(quoted["reason"]) if quoted else None
    known = known or next((row for row in EVENTS if row.tells(event.message)), None)
    if not known or known.weight is Weight.NOT_EVIDENCE:
        return None
    return seen(_unless_asked_by_digest(known, ""), event.message)


def is_evidence(task: Task) -> bool:
    """Whether this stopped task speaks about the new version at all."""
    return cause_of_task(task).weight is not Weight.NOT_EVIDENCE


def rank(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Equal causes counted together, the heaviest and most frequent first; what is no evidence is left out."""
    evidence = [cause for cause in causes if cause.weight is not Weight.NOT_EVIDENCE]
    by_tasks = {cause.reason.strip() for cause in evidence if cause.task}
    counted: dict[tuple[str, str, int | None], Cause] = {}
    for cause in evidence:
        if cause.task or not _repeats(cause, by_tasks):
            counted[cause.key] = _again(counted.get(cause.key), cause)
    weights = list(Weight)
    return tuple(
        sorted(counted.values(), key=lambda cause: (weights.index(cause.weight), not cause.task, -cause.count))
    )


def _repeats(event: Cause, by_tasks: set[str]) -> bool:
    """Whether an event only says what stopped tasks, with these reasons, say more precisely."""
    if event.name in ("launch-failed", "circuit-breaker"):
        return bool(by_tasks)
    return any(reason and reason in event.reason for reason in by_tasks)


def _again(known: Cause | None, cause: Cause) -> Cause:
    if known is None:
        return cause
    return replace(known if known.task else cause, count=known.count + cause.count)


def terminal_cause(tasks: Iterable[Task]) -> Cause | None:
    """The cause that proves that the deployment can't succeed, if these stopped tasks of it prove that.

    A terminal cause does at once. A repeating one does in the second generation: when a task that was created after
    such a task stopped (so: its replacement) went the same way. The first generation may be bad luck (a dependency
    that wasn't up yet), however many tasks it had, and ECS's own retry is given that one chance. So is another cause:
    where a secret has its value by now, the image that isn't there yet is as new.
    """
    judged = [(task, cause_of_task(task)) for task in tasks]
    terminal = next((cause for _, cause in judged if cause.weight is Weight.TERMINAL), None)
    if terminal:
        return terminal
    repeating = [(task, cause) for task, cause in judged if cause.weight is Weight.REPEATING and not was_healthy(task)]
    first_ends: dict[str, tuple[datetime, str]] = {}
    for task, cause in repeating:
        if task.stopped_at:
            end = (task.stopped_at, task.arn)
            first_ends[cause.name] = min(end, first_ends.get(cause.name, end))
    for task, cause in repeating:
        first_end, first = first_ends.get(cause.name, (None, ""))
        if first_end and task.created_at and task.created_at >= first_end and task.arn != first:
            return cause
    return None


def was_healthy(task: Task) -> bool:
    """Whether the task's own health checks had passed when it stopped."""
    return task.health == "HEALTHY"


def causes(service: Service | None, stopped: Iterable[Task], since: float) -> tuple[Cause, ...]:
    """Everything that is known about why, ranked: these stopped tasks, and events since `since` (epoch seconds)."""
    events = service.events if service else ()
    by_events = (cause_of_event(event) for event in events if event.at.timestamp() >= since)
    return rank([*map(cause_of_task, stopped), *(cause for cause in by_events if cause)])
