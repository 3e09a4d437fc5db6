"""What may be scripted of the pages that users see: what the containers of an image answer."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct


class Page(Struct, frozen=True, kw_only=True):
    """What an image's containers answer to GET; seconds count from RUNNING.

    The `statuses` come one after the other, again and again; `body` is "" for the image's own reference. Until
    `answers_after`, and from `fails_after` on, it is 503. An answer `takes` so long: for whom that is too long there is
    none. `moved` has by path where a redirect (302) leads.
    """

    statuses: tuple[int, ...] = (200,)
    body: str = ""
    answers_after: float = 0.0
    fails_after: float = 1e12
    takes: float = 0.0
    moved: dict[str, str] = {}


class Site(Struct, frozen=True, kw_only=True):
    """A host whose load balancer sends to these `services` (`cluster/name`).

    Between the first and the second of `unreachable` (seconds of the world) there is no connection to it.
    """

    services: tuple[str, ...]
    unreachable: tuple[float, float] = (0.0, 0.0)


class Asked(NamedTuple):
    """One request that was answered, or not (status 0): when, at which host, by which revision, "" for none."""

    at: float
    host: str
    revision: str
    status: int
