"""A page on the web, asked once: the one call that doesn't go to AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.calls.call import WEB, Call, Timeout
from drone_deploy_ecs.core.calls.quota import modest

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.body import Body
    from drone_deploy_ecs.core.request.url import Url

MOST = 64 * 1024
"""Bytes of a body that are read."""


class Reply(Struct, frozen=True, kw_only=True):
    """What came: the status, the body's beginning as text, and where a redirect leads, "" for nowhere."""

    status: int
    text: str = ""
    location: str = ""

    def __repr__(self) -> str:
        """The status alone: anything may be in a body."""
        return f"Reply({self.status})"


class Get(Call[Reply], frozen=True, kw_only=True):
    """GET of one address. No redirect is followed: where to go then is the caller's decision.

    A fault is UNREACHABLE where there was no connection (name, route, TLS), AMBIGUOUS where none of the answer came.
    """

    service: ClassVar = WEB
    operation: ClassVar = "GET"
    quota: ClassVar = modest("GET")
    permission: ClassVar = ""
    timeout: ClassVar = Timeout(3.0, 5.0)
    """The whole answer is there within the second of the two: what runs beside waits for it."""

    url: Url

    @property
    def subject(self) -> str:
        """See `Call`."""
        return str(self.url)

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"url": str(self.url)}

    def read(self, body: Body) -> Reply:
        """See `Call`."""
        return typed(body, Reply)
