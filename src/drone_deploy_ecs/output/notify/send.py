"""Sends a message by Apprise, which speaks to chats, mail and telephones. Its addresses hold passwords: none is shown.

Apprise is an optional extra of the package, and takes half a second to import: only a run that notifies imports this.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from apprise import Apprise, AppriseAsset, PersistentStoreMode

from drone_deploy_ecs.core.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from apprise import NotifyBase

    from drone_deploy_ecs.core.masking import Secret
    from drone_deploy_ecs.core.ports import Beside, Clock
    from drone_deploy_ecs.output.notify.message import Message

WITHIN = 10.0
"""Seconds that a run waits for all of them, at its very end."""
A_MOMENT = 0.05
"""Seconds between two looks whether they have answered."""


class Receiver(NamedTuple):
    """Where to send to; `name` tells which of the addresses it is without showing it: `the 2nd (slack)`."""

    name: str
    service: NotifyBase


def receivers(addresses: Sequence[Secret]) -> tuple[list[Receiver], tuple[Problem, ...]]:
    """Where the addresses lead to, and what is wrong with those that lead nowhere. Nothing is sent."""
    found = [(_name(number, address.value), _service(address.value)) for number, address in enumerate(addresses, 1)]
    problems = tuple(
        Problem(f"Apprise doesn't understand {name} address in notify", "Check it against Apprise's list of services")
        for name, service in found
        if service is None
    )
    return [Receiver(name, service) for name, service in found if service is not None], problems


def _name(number: int, address: str) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number, "th")
    return f"the {number}{ending} ({address.partition(':')[0].lower()})"


def _service(address: str) -> NotifyBase | None:
    # What it logs has addresses in it, and without a handler Python prints warnings.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    asset = AppriseAsset(storage_mode=PersistentStoreMode.MEMORY, app_id="drone-deploy-ecs", app_desc="Amazon ECS")
    return Apprise.instantiate(address, asset=asset)


def send(message: Message, to: Sequence[Receiver], clock: Clock, beside: Beside) -> Iterator[str]:
    """Send it to all at the same time; for each that hasn't taken it after ten seconds, say so."""
    answers: dict[str, str] = {}
    for receiver in to:
        beside(partial(_send, message, receiver, answers))
    until = clock.monotonic() + WITHIN
    while len(answers) < len(to) and clock.monotonic() < until:
        clock.sleep(A_MOMENT)
    for receiver in to:
        if trouble := answers.get(receiver.name, f"gave no answer in {WITHIN:.0f} s"):
            yield f"{receiver.name} address in notify {trouble}"


def _send(message: Message, receiver: Receiver, answers: dict[str, str]) -> None:
    """Keep what became of it, "" where it was taken. An exception may quote the address: only its kind is told."""
    try:
        tone = message.tone.value
        taken = receiver.service.notify(title=message.title, body=message.body, notify_type=tone, body_format="text")
        answers[receiver.name] = "" if taken else "didn't take the message"
    except Exception as error:
        answers[receiver.name] = f"couldn't be sent to ({type(error).__name__})"
