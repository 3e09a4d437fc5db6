"""What calls are answered with, as values, where no value of ECS's own (`core.ecs`) will do."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from msgspec import Struct

EntryT = TypeVar("EntryT")


class Page(NamedTuple):
    """One page of a listing: ARNs, and the token of the next page, "" on the last one."""

    arns: tuple[str, ...]
    token: str

    def after(self, token: str) -> str:
        """What to ask on with, "" at the end; `token` brought this page. Who repeats a token would page for ever."""
        return "" if self.token == token else self.token


class Listing(NamedTuple, Generic[EntryT]):
    """One page of a listing of other things than ARNs, and the token of the next page, "" on the last one."""

    entries: tuple[EntryT, ...]
    token: str

    def after(self, token: str) -> str:
        """See `Page`."""
        return "" if self.token == token else self.token


class LogPage(NamedTuple):
    """Messages of a log stream, oldest first, and the tokens of the pages before and after them."""

    messages: tuple[str, ...]
    token: str
    forward: str = ""


class TargetHealth(Struct, frozen=True):
    """One target of a target group: an address or an instance, and what the load balancer thinks of it."""

    id: str
    port: int
    state: str
    reason: str = ""
    description: str = ""


class TargetCheck(Struct, frozen=True):
    """A target group's health check. `port` may be "traffic-port"; `path` and `codes` are "" for TCP."""

    protocol: str
    port: str
    path: str = ""
    codes: str = ""


class AlarmState(Struct, frozen=True):
    """A CloudWatch alarm that is in ALARM, and why."""

    name: str
    reason: str


class StoredImage(NamedTuple):
    """What a registry has of an image: `failure` is ECR's code for why it gave none, "" where it is there.

    `architectures` are those of an index's entries ("" for one that doesn't say), in Go's names as OCI has them;
    `config` is the digest of what tells a plain manifest's, "" for an index.
    """

    architectures: tuple[str, ...] = ()
    config: str = ""
    failure: str = ""


class StoredSecret(NamedTuple):
    """A secret without its value: the staging labels of its versions, and whether it is to be deleted."""

    stages: frozenset[str] = frozenset()
    is_deleted: bool = False


class Role(NamedTuple):
    """A role: `trusts` are those who may assume it, as its trust policy names them (services' names, ARNs, "*")."""

    trusts: frozenset[str] = frozenset()


class Rule(NamedTuple):
    """A rule of EventBridge: `managed_by` is the service of AWS that made it for itself, "" where people made it."""

    name: str
    bus: str
    managed_by: str = ""


class FailedEntry(NamedTuple):
    """What became of one target in a call that went well otherwise; `code` and `message` are AWS's."""

    target: str
    code: str
    message: str


class ListedSchedule(NamedTuple):
    """A schedule in a listing; `target` is the ARN of what it calls: a cluster, where it starts tasks."""

    group: str
    name: str
    target: str
