"""Tell a story: a world, the plugin's settings, and what a person then reads, in process or through botocore over HTTP.

The transcript (what was printed), exit code and report are compared with `transcripts/<name>.txt`; to accept new ones
run with UPDATE_TRANSCRIPTS=1 and read the diff.
"""

from __future__ import annotations

import io
import json
import os
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.aws.http import trusted
from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.core.calls.call import Timeout
from drone_deploy_ecs.core.calls.web import Get
from drone_deploy_ecs.core.ports import NEVER
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import crash, missing
from drone_deploy_ecs.simulator.http import SITES, Server
from drone_deploy_ecs.simulator.sites import SimulatedWeb
from drone_deploy_ecs.simulator.world import World, task_definition
from drone_deploy_ecs.web.get import get
from tests.pages.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pytest

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.ports import Aws, Cancellation
    from drone_deploy_ecs.core.request.request import Access
    from tests.pages.reading import Element

A = TypeVar("A")

IMPATIENT, PATIENT = Timeout(5.0, 0.1), Timeout(5.0, 5.0)
"""Real seconds that a page is waited for: hardly any where the simulator may never answer, else as many as it takes."""
CLOSED = 1
"""A port where nobody listens."""
WIRED = ("ecs", "application-autoscaling", "ecr", "ssm", "events", "scheduler")
FEW = 20
"""Services of which a transcript tells one by one."""
NOWHERE: Mapping[str, World] = {}
NOTHING: Mapping[str, str] = {}
TRANSCRIPTS = Path(__file__).parent / "transcripts"
PLUGIN = {
    "PLUGIN_AWS_REGION": "eu-west-1",
    "PLUGIN_CLUSTER": "prod",
    "PLUGIN_SERVICE": "web",
    "PLUGIN_CONTAINER": "app",
    "PLUGIN_IMAGE": "shop:2",
}


def small_world() -> World:
    """Cluster prod with service web: two tasks of web:1, image shop:1."""
    world = World()
    world.push("shop:crash", crash(1))
    world.push("shop:missing", missing("shop:missing"))
    world.add_service("prod", "web", task_definition("web", "shop:1"))
    return world


@dataclass
class Told:
    """How a story ended."""

    exit_code: int
    stderr: str
    stdout: str
    report: dict[str, Any]
    worlds: Sequence[World]

    @property
    def world(self) -> World:
        """The first Region."""
        return self.worlds[0]

    @property
    def last_line(self) -> str:
        return self.stderr.splitlines()[-1]

    @property
    def text(self) -> str:
        """What is kept as the transcript."""
        counts = ", ".join(f"{name} {count}" for name, count in self.report.get("api_calls", {}).items())
        services = [
            f"  {one['service']}: {one['verdict']}, stands {one['stands']}, before {one['before']}, target {one['target']}, "
            f"running {one['running']}, causes {[cause['name'] for cause in one['causes']]}"
            for one in self.report.get("services", [])[:FEW]
            if "verdict" in one
        ]
        told = Counter(
            (region if len(self.worlds) > 1 else "", name if len(world.services) <= FEW else "each", str(service.runs))
            for world in self.worlds
            for region in [world.arn_prefix.split(":")[3]]
            for (_, name), service in world.services.items()
        )
        truth = [
            f"  {f'{region} ' if region else ''}{name}: {runs}{f' ({count} services)' if name == 'each' else ''}"
            for (region, name, runs), count in told.items()
        ]
        truth += [f"  {name} starts {runs}" for world in self.worlds for name, runs in world.schedules.runs.items()]
        steps = [
            f"  {one['kind']} {one['name']}: {one['verdict']}, stands {one['stands']}: {one['ended']}"
            for one in self.report.get("steps", [])
        ]
        parts = [self.stdout, self.stderr, f"exit code {self.exit_code}", "report:", *services, *steps]
        return "\n".join(part.rstrip("\n") for part in (*parts, f"  calls: {counts}", "truth:", *truth) if part) + "\n"


@dataclass(frozen=True)
class Split:
    """`ports.Aws` over HTTP where the simulator speaks the service's protocol, and in process for the others."""

    wired: Aws
    simulated: Aws
    point: Callable[[], None] = lambda: None
    """Has clients that are made from now on reach this Region: they keep the endpoint that they were made with."""

    def send(self, call: Call[A]) -> A:
        self.point()
        return (self.wired if call.service in WIRED else self.simulated).send(call)


@dataclass(frozen=True)
class Pointed:
    """`ports.Web` over HTTP, where the hosts of the first Region's world are paths of its server."""

    server: Server
    timeout: Timeout

    def send(self, call: Call[A]) -> A:
        read = call.read
        assert isinstance(call, Get)
        port = self.server.server_port if self.server.sites.can_reach(call.url.host) else CLOSED
        path = f"{SITES}{call.url.host}{call.url.path}"
        address = replace(call.url, scheme="http", host="127.0.0.1", port=port, path=path)
        return read(get(address, self.timeout, trusted()))


@dataclass
class Teller:
    """Tells stories by one face of the simulator."""

    face: str
    monkeypatch: pytest.MonkeyPatch
    tmp_path: Path
    told: list[Told] = field(default_factory=list)

    def __call__(
        self,
        world: World,
        *,
        argv: Sequence[str] = (),
        cancellation: Cancellation = NEVER,
        further: Mapping[str, World] = NOWHERE,
        env: Mapping[str, str] = NOTHING,
        **settings: str,
    ) -> Told:
        """Run the plugin (or `argv`) in this world with these settings; `further` are other Regions, on its clock.

        `env` is what a CI system adds.
        """
        report = self.tmp_path / f"report-{len(self.told)}.json"
        page = report.with_suffix(".html")
        env = PLUGIN | dict(env) | {f"PLUGIN_{name.upper()}": value for name, value in settings.items()}
        env["PLUGIN_REPORT"] = f"{report}, {page}"
        stdout, stderr = io.StringIO(), io.StringIO()
        if self.face == "in process":
            edges = Edges(
                env, stdout, stderr, lambda access: SimulatedAws(further.get(access.region, world)), world.clock,
                lambda: 0.5, cancellation, web=SimulatedWeb(world),
            )  # fmt: skip
            code = main(argv, lambda: edges)
        else:
            with ExitStack() as servers:
                served = {region: servers.enter_context(Server(one)) for region, one in further.items()}
                first = servers.enter_context(Server(world))
                self._point_at(first)

                def over_http(access: Access) -> Aws:
                    server = served.get(access.region, first)
                    self._point_at(server)
                    simulated = SimulatedAws(further.get(access.region, world))
                    return Split(connect(access), simulated, lambda: self._point_at(server))

                never = any(page.takes for page in world.pages.values())
                web = Pointed(first, IMPATIENT if never else PATIENT)
                code = main(
                    argv, lambda: Edges(env, stdout, stderr, over_http, world.clock, lambda: 0.5, cancellation, web=web)
                )
        kept = json.loads(report.read_text()) if report.exists() and report.read_text() else {}
        if "verdict" in kept:
            self.look_at(read(page.read_text()), kept)
            is_whole = env.get("PLUGIN_WAIT_FOR", "completed") == "completed"
            for service in kept["services"]:
                self.look_at_times(service, kept, is_whole=is_whole)
        told = Told(code, stderr.getvalue(), stdout.getvalue(), kept, (world, *further.values()))
        self.told.append(told)
        return told

    def look_at(self, page: Element, kept: dict[str, Any]) -> None:
        """Every story's page is whole, and says in its words what the JSON says in its."""
        assert page.all("h1")[0].words.split()[1] == kept["verdict"]
        assert len(page.classed("lines")[0].all("li")) == len(kept["timeline"])
        for one in kept["services"]:
            assert {one["verdict"], *one["stands"].split()} <= set(page.words.split())
            assert one["service"] in page.words

    def look_at_times(self, service: dict[str, Any], kept: dict[str, Any], *, is_whole: bool) -> None:
        """What delivery metrics are made of agrees with what became of every story's services.

        `is_whole`: what is called completed serves, as that is what was waited for.
        """
        times = (kept["started_at"], service["deployed_at"], service["restored_at"], kept["finished_at"])
        known = [time for time in times if time]
        assert known == sorted(known)
        assert bool(service["restored_at"]) == (service["stands"] == "as before")
        if service["verdict"] == "Completed" and service["deployment_id"] and is_whole:
            assert service["deployed_at"]

    def _point_at(self, server: Server) -> None:
        for name, value in {
            "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
        }.items():  # fmt: skip
            self.monkeypatch.setenv(name, value)

    def compare(self, name: str) -> None:
        """With what is on record."""
        path = TRANSCRIPTS / f"{name}.txt"
        text = "\n".join(told.text for told in self.told)
        if os.environ.get("UPDATE_TRANSCRIPTS") and self.face == "in process":
            TRANSCRIPTS.mkdir(exist_ok=True)
            path.write_text(text)
        assert text == path.read_text()


Story = "Callable[[Teller], None]"
