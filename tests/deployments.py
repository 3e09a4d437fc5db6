"""The deployments of `deployments.toml`: what is deployed, and what must become of it on either side."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from drone_deploy_ecs.simulator import scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.simulator.behaviour import Behaviour
    from drone_deploy_ecs.simulator.world import World

Side = Literal["ministack", "simulator"]
# "stop": the circuit breaker without rollback.
Breaker = Literal["off", "stop", "rollback"]
REPOSITORY = "rig/web"
CLUSTER = "rig"
CONTAINER = "web"
BEFORE = "v1"

_FILE: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
_SEVERAL = ("exit_code", "verdict", "stands", "log")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One deployment to a service that runs `BEFORE`, and what is expected of it.

    Of `exit_code`, `verdict` and `stands` any one may come out: more than one only where it depends on who is faster.
    `cause` is one of the report's, with the exit code and the log of its container; `cause_may_be_missing` where
    tasks are forgotten too soon. `serves` is what runs in the end.
    """

    name: str
    image: str
    exit_code: tuple[int, ...]
    verdict: tuple[str, ...]
    stands: tuple[str, ...] = ("as before",)
    serves: str = BEFORE
    breaker: Breaker = "off"
    desired: int = 2
    settings: Mapping[str, str] = field(default_factory=dict)
    kill_when_it_says: str = ""
    cause: str = ""
    cause_may_be_missing: bool = False
    container_exit: int | None = None
    log: tuple[str, ...] = ()
    says: str = ""

    def check(self, service: str, exit_code: int, transcript: str, report: Mapping[str, Any]) -> None:
        """That the run came out as expected."""
        (outcome,) = report["services"]
        assert exit_code in self.exit_code, transcript
        assert outcome["verdict"] in self.verdict, transcript
        assert outcome["stands"] in self.stands, transcript
        if outcome["stands"] != "not as before":
            assert outcome["running"] == f"{service}:{1 if self.serves == BEFORE else 2}"
        assert self.says in transcript
        causes = {one["name"]: (one["exit_code"], tuple(one["log"])) for one in outcome["causes"]}
        if not causes and self.cause_may_be_missing:
            return
        assert bool(causes) is bool(self.cause), transcript
        if self.cause:
            assert causes[self.cause] == (self.container_exit, self.log), transcript
        for line in self.log:
            assert f"log: {line}" in transcript


def deployments(side: Side) -> list[Deployment]:
    """All of them, as that side has them."""
    return [of_side(raw, side) for raw in _FILE["deployments"]]


def of_side(raw: Mapping[str, Any], side: Side) -> Deployment:
    """One as that side has it, out of the file's table. Raises ValueError when a difference isn't a reasoned one."""
    common = {name: value for name, value in raw.items() if name not in get_args(Side)}
    own = dict(raw.get(side, {}))
    if own and not (own.pop("reason", "") and all(common.get(name) != value for name, value in own.items())):
        raise ValueError(f"{raw['name']}: what is different with {side} needs a reason, and has to be different")
    members = common | own
    for name in set(_SEVERAL) & set(members):
        members[name] = tuple(members[name]) if isinstance(members[name], list) else (members[name],)
    return Deployment(**members)


def images() -> dict[str, Behaviour]:
    """What containers do, by tag."""
    world = scenario.read(_FILE["world"])
    return {name.rpartition(":")[2]: world.images.resolve(name)[1] for name in _FILE["world"]["images"]}


def simulated(deployment: Deployment, service: str) -> World:
    """A simulated world in which the service runs `BEFORE`."""
    options: dict[str, Any] = {
        "cluster": CLUSTER,
        "name": service,
        "container": CONTAINER,
        "desired": deployment.desired,
    }
    if deployment.breaker != "off":
        options["breaker"] = {"rollback": deployment.breaker == "rollback"}
    return scenario.read({**_FILE["world"], "services": [{**options, "image": f"{REPOSITORY}:{BEFORE}"}]})
