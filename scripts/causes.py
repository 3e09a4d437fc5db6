"""How rightly the project explains what ECS said to people: `make causes`, or `python -m scripts.causes [ID...]`.

Every message of `tests/causes/messages.toml` is explained as the stopped task or the event would be that says it. First
a table: how many are explained how rightly, all of them and by group. Then every message that isn't explained rightly:
what was expected, what was told, and the message. With ids: these messages alone, right or not.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from tests.causes.messages import (
    CLASSES,
    FOUND,
    JUDGED,
    KINDS,
    LAST,
    LATER,
    LEARNT,
    MESSAGES,
    PLATFORMS,
    RARE,
    UNSEEN,
    Grade,
    class_of,
    grade,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.causes.messages import Message

WIDTH = 200
"""Characters of a message that are shown."""


def main(ids: Sequence[str]) -> int:
    """Print the report, or these messages."""
    print("\n".join(line for message in MESSAGES if message.id in ids for line in shown(message)) if ids else report())
    return 0


def report() -> str:
    """The table, and what isn't right."""
    grades = {message.id: grade(message, message.explained()) for message in MESSAGES}
    given = {message.id: grade(message, message.explained(), message.given) for message in MESSAGES}
    wrong = [message for message in MESSAGES if grades[message.id] is not Grade.RIGHT]
    harmful = [message.id for message in MESSAGES if harms(message)]
    return "\n".join([
        row("", ["all", *(kind.value for kind in Grade)]),
        *(counted(name, messages, grades) for name, messages in groups()),
        counted("by the classes given first", MESSAGES, given),
        "",
        f"terminal, though it may pass by itself or is nothing at all: {' '.join(harmful) or 'none'}",
        "",
        *(line for kind in Grade for message in wrong if grades[message.id] is kind for line in shown(message)),
    ])  # fmt: skip


def groups() -> Iterator[tuple[str, Sequence[Message]]]:
    """What is counted together, and its name."""
    yield "all", MESSAGES
    yield "the patterns were made with", [message for message in MESSAGES if message.id.startswith(LEARNT)]
    yield "judged before there were patterns", [message for message in MESSAGES if message.id.startswith(JUDGED)]
    yield "judged without a look at the patterns", [message for message in MESSAGES if message.id.startswith(UNSEEN)]
    yield "judged so later, and rarer ones", [message for message in MESSAGES if message.id.startswith(LATER)]
    yield "judged so then, as they are found", [message for message in MESSAGES if message.id.startswith(FOUND)]
    yield "judged so then, the rarest", [message for message in MESSAGES if message.id.startswith(RARE)]
    yield "judged so last, as they are found", [message for message in MESSAGES if message.id.startswith(LAST)]
    for kind in KINDS:
        yield f"kind: {kind}", [message for message in MESSAGES if message.kind == kind]
    for platform in PLATFORMS:
        yield f"platform: {platform or 'not told'}", [message for message in MESSAGES if message.platform == platform]
    for weight in CLASSES:
        yield f"class: {weight}", [message for message in MESSAGES if message.weight == weight]


def counted(name: str, messages: Sequence[Message], grades: dict[str, Grade]) -> str:
    """One row of the table."""
    counts = Counter(grades[message.id] for message in messages)
    right = f"{counts[Grade.RIGHT]} ({counts[Grade.RIGHT] / len(messages):.0%})"
    return row(
        name, [str(len(messages)), right, *(str(counts[kind] or "-") for kind in Grade if kind is not Grade.RIGHT)]
    )


def row(name: str, cells: Sequence[str]) -> str:
    """A name and columns of numbers."""
    return f"{name:<38}" + "".join(f"{cell:>11}" for cell in cells)


def harms(message: Message) -> bool:
    """Whether a deployment that may come right would be undone at once."""
    return class_of(message.explained()) == "terminal" and message.weight in ("transient", "none")


def shown(message: Message) -> Iterator[str]:
    """A message: how rightly it is explained, what was expected, what was said, and its words."""
    cause = message.explained()
    told = f"{cause.name}, {class_of(cause)}" if cause else "no word"
    wanted = f"{' or '.join(message.causes) or 'no word'}, {message.weight}"
    said = " ".join(message.said.split())
    yield f"{message.id}  {grade(message, cause).value}: wanted {wanted}; told {told}"
    yield f"      {said[:WIDTH]}{'...' if len(said) > WIDTH else ''}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
