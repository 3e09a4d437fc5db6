"""What the process tells the CI system at its end."""

from __future__ import annotations

from enum import IntEnum

SIGNALLED = 128
"""A shell's exit code for a process that signal n ended is this plus n."""


class ExitCode(IntEnum):
    """What the process tells the CI system. A run over several services exits with the worst of them."""

    DONE = 0
    """Completed or Unchanged: the new version runs (`wait_for: healthy`: maybe without traffic); or Paused: not yet."""
    BUG = 1
    """A defect of this program."""
    REFUSED = 2
    """Refused (settings, preflight, permissions): no service was changed."""
    RETURNED = 3
    """Failed, and every service that had to return is back on what it ran before, steady."""
    NOT_AS_BEFORE = 4
    """Failed, and something is not as it was before: someone must look."""
    SUPERSEDED = 5
    """Somebody's newer deployment took over, or it was somebody else's turn; it was left alone."""
    LOST_SIGHT = 6
    """AWS could not be seen until the budget ended; nothing was rolled back blindly."""
