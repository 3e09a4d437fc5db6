"""The address of a page that is asked whether the new version serves. What may be secret in it is never printed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

from msgspec import Struct

from drone_deploy_ecs.core.masking import Secret
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTS = {"http": 80, "https": 443}
_UNQUOTED = "/%:@!$&'()*+,;=~-._?"
"""What stays as it is in a path or query: all that RFC 3986 allows there, and what is quoted already."""


class Url(Struct, frozen=True, kw_only=True):
    """An address, taken apart. `login` is `user:password`, `query` what comes after the question mark; "" for none."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""
    login: str = ""

    def __str__(self) -> str:
        """Scheme, host and path alone: a token may be in the rest."""
        return f"{self.origin}{safe(self.path)}"

    def __repr__(self) -> str:
        return f"Url({str(self)!r})"

    @property
    def origin(self) -> str:
        """`https://shop.example`, with the port where it isn't the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def wire(self) -> str:
        """What is asked for at the host: path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def secrets(self) -> Iterator[Secret]:
        """All of it that must not be printed."""
        user, _, password = self.login.partition(":")
        values = (value for _, value in parse_qsl(self.query))
        for value in (self.login, user, password, self.query, *values):
            if value:
                yield Secret("probe", value)

    @classmethod
    def parse(cls, text: str) -> Url | None:
        """The address; None where it isn't a whole one that can be asked. A fragment is the browser's alone."""
        try:
            parts = urlsplit(text)
            host, port = (parts.hostname or "").encode("idna").decode(), parts.port
        except ValueError:
            return None
        if parts.scheme not in PORTS or not host or port == 0 or any(letter.isspace() for letter in text):
            return None
        login = ":".join(unquote(part) for part in (parts.username, parts.password) if part is not None)
        return cls(
            scheme=parts.scheme,
            host=host,
            port=port or PORTS[parts.scheme],
            path=quote(parts.path or "/", safe=_UNQUOTED),
            query=quote(parts.query, safe=_UNQUOTED),
            login=login,
        )

    def to(self, location: str) -> Url | None:
        """Where a redirect from here leads; None where that is no such address.

        The login goes along only to the same port, or from http's to https's own.
        """
        try:
            found = Url.parse(urljoin(f"{self.origin}{self.wire}", location.strip()))
        except ValueError:
            return None
        if found is None:
            return None
        is_same = found.port == self.port or (found.port, self.port) == (PORTS["https"], PORTS["http"])
        keeps = is_same and found.host == self.host and not self.leaves_tls(found)
        return Url(
            scheme=found.scheme,
            host=found.host,
            port=found.port,
            path=found.path,
            query=found.query,
            login=self.login if keeps else "",
        )

    def leaves_tls(self, other: Url) -> bool:
        """Whether the way from here to there would be from https to http."""
        return self.scheme == "https" and other.scheme == "http"
