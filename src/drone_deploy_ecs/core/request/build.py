"""The build that a run is a part of, as far as the CI system tells: what records of deployments are told apart by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime


class Build(Struct, frozen=True, kw_only=True):
    """One build; "" or None for what isn't told.

    `commit` is its hash, `committed_at` its time (UTC). `number` is the build's, and `attempt` counts from 1 how often
    it has been tried. `who` set it off: a name or a login. `page` is the address of the CI system's page about it.
    """

    commit: str = ""
    committed_at: datetime | None = None
    number: int | None = None
    attempt: int | None = None
    who: str = ""
    page: str = ""
