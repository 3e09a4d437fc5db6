"""A reason to refuse, or to warn, before anything is written: what is wrong, and what to do about it."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong: `what` (a whole sentence's worth, with the value) and `do` (the next thing to do).

    Neither has a full stop; `do` may be a question.
    """

    what: str
    do: str

    def __str__(self) -> str:
        end = "" if self.do.endswith("?") else "."
        return f"{self.what}. {self.do}{end}" if self.do else f"{self.what}."
