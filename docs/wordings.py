"""In what words ECS told people of each cause: messages of `tests/causes/messages.toml`, short enough for a page."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

MESSAGES = Path(__file__).parents[1] / "tests" / "causes" / "messages.py"
LONGEST = 500
"""Characters of a message that are shown."""
LONG_IDS = re.compile(
    r"(?<=sha256:)[0-9a-f]{10,}"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b[0-9a-f]{16,}\b"
    r"|(?<=ecs-svc/)\d+"
    r"|(?<=\bi-)[0-9a-f]{8,}"
)
"""Of images, requests, tasks, deployments and instances: another's each time."""
OF_EVERY_TASK = ("Essential container in task exited", "Task failed to start")
"""Words that tell nothing: there, an exit code did."""


def rightly() -> str:
    """How many of the messages are explained rightly, and how many there are."""
    script = runpy.run_path(str(MESSAGES))
    messages, grade, right = script["MESSAGES"], script["grade"], script["Grade"].RIGHT
    return f"{sum(grade(message, message.explained()) is right for message in messages)} of {len(messages)}"


def wordings() -> dict[str, list[str]]:
    """By cause, the messages in which it is recognised, where it is what explains them."""
    found: dict[str, dict[str, str]] = {}
    for message in runpy.run_path(str(MESSAGES))["MESSAGES"]:
        cause, text = message.explained(), shortened(message.said)
        if cause and cause.name in message.causes and message.said not in OF_EVERY_TASK:
            # once, where only a capital or the full stop differs
            found.setdefault(cause.name, {}).setdefault(text.lower().rstrip("."), text)
    return {name: list(texts.values()) for name, texts in found.items()}


def shortened(text: str) -> str:
    """On one line, without long ids, and cut off between words where it is long."""
    line = LONG_IDS.sub("…", " ".join(text.split()))
    return line if len(line) <= LONGEST else line[:LONGEST].rpartition(" ")[0] + " …"
