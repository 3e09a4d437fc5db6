"""Text that came from outside, made safe to print: no control characters, no terminal or CI commands, bounded."""

import re

# ANSI sequences go whole (an OSC one with its payload), before their ESC would be dropped and the rest left to read.
_ANSI = r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x1b\x9b]\[?[0-?]*[ -/]*[@-~]?"
# C0 and C1 controls, bidirectional controls, zero-width characters, line and paragraph separators, surrogates, BOM.
_UNSEEN = "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]+"
# What CI systems take for a command: GitHub at the start of a line, Azure, TeamCity and GitLab anywhere in it.
_COMMAND = r"(?i)^::|##(?=vso\[|\[|teamcity\[)|section_(?=start:|end:)"
_MAX = 400
MINUTE = 60


def safe(text: str, limit: int = _MAX) -> str:
    """One printable line of at most `limit` characters out of any text."""
    line = " ".join(re.sub(_UNSEEN, " ", re.sub(_ANSI, "", text[: limit * 8])).split())
    line = re.sub(_COMMAND, lambda match: " ".join(match.group()), line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def tasks(count: int) -> str:
    """`1 task`, `2 tasks`."""
    return f"{count} task" if count == 1 else f"{count} tasks"


def span(seconds: float) -> str:
    """A length of time as people say it: `45 s`, `2 m 40 s`, `1 h 5 m`."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    minutes, rest = divmod(whole, MINUTE)
    if minutes < MINUTE:
        return f"{minutes} m {rest} s" if rest else f"{minutes} m"
    hours, minutes = divmod(minutes, MINUTE)
    return f"{hours} h {minutes} m" if minutes else f"{hours} h"
