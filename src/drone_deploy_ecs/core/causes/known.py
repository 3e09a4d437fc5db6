"""What is known about failures: one row a cause, with the wordings that tell it.

`tasks.py` has what is matched against what ECS says of a stopped task, `events.py` what is matched against service
events; in each the first row that matches wins. `exits.py` has exit codes. Wordings are matched by their stable part,
since AWS revises them: most have an old form (the engine's own error) and a new one since 2024 (a sentence before it).

TERMINAL rows are tight, since such a match undoes a deployment: what could pass by itself, or could mean two things, is
REPEATING or TRANSIENT and stands above them. Sources: the troubleshooting pages of the ECS developer guide, the source
of amazon-ecs-agent, and messages that people published. `unconfirmed` marks a wording that none of these shows.
"""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

LONGEST = 2000
"""Characters of a text that are looked at. ECS gives about a thousand of a reason; of 10,000 that repeat what a pattern
begins with, one would take 16 s."""
EXEC = r"(process( caused)?|System error|runtime error|task for container|container init)\W{1,6}exec: "
"""How engines say what the container's own process was to be. After other words `exec:` is a program of the host's."""


class Weight(Enum):
    """What one occurrence proves about the deployment, heaviest first."""

    TERMINAL = "terminal"
    """It can't succeed: waiting is pointless."""
    REPEATING = "repeating"
    """Bad luck once; when the replacement does so too, it can't succeed."""
    TRANSIENT = "transient"
    """May pass by itself: tolerated until the budget ends."""
    NOT_EVIDENCE = "not evidence"
    """Says nothing about the new version (scaling in, a user's stop)."""


class Known(Struct, frozen=True):
    """One cause we can recognise: a name for machines, a headline for people, and advice.

    `names` are the kinds of things (`causes.names`) that the advice is about, where the message names them.

    The pattern is compiled when it is first needed: most runs fail for nothing, and start-up is paid in every pipeline.
    """

    name: str
    weight: Weight
    pattern: str
    headline: str
    advice: str
    names: tuple[str, ...] = ()

    def tells(self, text: str) -> bool:
        """Whether this text says so, as far as it is looked at."""
        return bool(re.search(self.pattern, text[:LONGEST], re.IGNORECASE | re.DOTALL))
