"""What is asked: the settings, resolved and proven good, as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.request.build import Build

if TYPE_CHECKING:
    from drone_deploy_ecs.core.masking import Secret
    from drone_deploy_ecs.core.request.approval import Approval
    from drone_deploy_ecs.core.request.edits.edit import Edit
    from drone_deploy_ecs.core.request.url import Url
    from drone_deploy_ecs.core.target import Target


WaitFor = Literal["completed", "shifted", "healthy"]
"""When a deployment is done: it is over; all production traffic is on it; all its tasks are healthy."""

AUTO = ("auto",)
"""As `Request.schedules`: all that run this run's clusters and families."""


OnConflict = Literal["replace", "wait", "refuse"]
"""What to do where another rollout is in progress: take its place; wait for its end; leave it alone."""
OnPause = Literal["wait", "continue", "leave"]
"""What is done at a PAUSE hook: wait for somebody's answer, answer it, or end the run there."""
OnCancel = Literal["", "rollback", "leave"]
"""What becomes of a deployment when the run is cancelled. "": taken back, unless it only waits for approval."""


class Access(Struct, frozen=True):
    """How to reach AWS: the region, and a role to assume if any."""

    region: str
    role_arn: str = ""
    role_external_id: str = ""
    role_session_name: str = "drone-deploy-ecs"

    def __repr__(self) -> str:
        """Without the external id, which a traceback must not print."""
        return f"Access({self.region!r}, {self.role_arn!r})"


class BlueGreen(Struct, frozen=True, kw_only=True):
    """Two services of which one is live: the idle one takes over. Names or ARNs as written; times in seconds.

    `percent` of the live count is what each step takes away, 1 to 100; `wait` is before the first step, `interval`
    between them; `checks` is at how many looks in a row the new side must be up before anything is taken away.
    """

    blue: str
    green: str
    percent: int
    interval: float
    wait: float
    checks: int
    check_interval: float = 10.0


class Colours(Struct, frozen=True, kw_only=True):
    """Two services, one of which a secret names as live; the other gets its own colour's edits.

    `secret` is the secret's name, `<environment>-<secret_service>`.
    """

    secret: str
    blue: str
    green: str
    blue_edits: tuple[Edit, ...]
    green_edits: tuple[Edit, ...]


class Request(Struct, frozen=True, kw_only=True):
    """One run, over `services` as written: names, ARNs, `cluster/name` or patterns (see `core.places`).

    `action` is what is done, and `purpose` what permissions are asked for: the same, but of a policy. `cluster` is that
    of plain names; `access` the first Region, and `further` are those that follow it, one by one.
    `edits` make the new revision of what runs now, or of the existing `revision` where that is asked for (family:number
    or ARN; "" for none): then there are none. `containers` are those that were named, and must be there.
    `budget` is in seconds, for the update and again for its undo; `max_parallel` how many services may be under way at
    once (None: all); the first `canaries` of them go alone. What a failure takes back is everything, or without
    `undo_waves` only that Region, or with `undo_failed_only` only the service that failed.

    `max_failed_tasks` None means that evidence decides (see `core.causes.cause`); `stable_for` is how long (seconds) it
    has to stay complete; `reports` are paths, or "-"; `notify` are Apprise's addresses; `log_lines` how many lines of a
    failed container's log are shown; `preflight` is what is looked at before the first write (`core.preflight.checks`);
    `keep_revisions` is how many of a family's newest revisions are kept in any case (None: all are);
    `schedules` are names or ARNs of what gets the new revision, too, or AUTO; `before`, `after` and `command` (the
    action run's) are commands of one-off tasks, () for none: each for at most `task_timeout` seconds, in
    `task_container` ("": the first that is named, or that there is); `attempt` is what the CI system tells of the build
    and which attempt at it this is, "" where it tells nothing, and `build` what the report tells of it; `probes` are
    asked whether the new version serves, one for all Regions or one for each, and `probe_expect` is in the answer then
    ("" for any); `secrets` is what the run itself knows and must not print. With `blue_green` or `colours` the services
    are blue and green; with `colours`, `edits` are provisionally the green one's: only the secret tells the colour
    (`for_colour`). `approval` is what may be let go on at a pause, where that is asked for. `about` says for people
    what an action is about that asks for no revision: `the rollout`.
    """

    action: str = "deploy"
    purpose: str = "deploy"
    access: Access
    further: tuple[Access, ...] = ()
    cluster: str
    services: tuple[str, ...]
    containers: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    revision: str = ""
    budget: float = 600.0
    max_parallel: int | None = None
    canaries: int = 0
    undo_waves: bool = True
    undo_failed_only: bool = False
    roll_back: bool = True
    on_cancel: OnCancel = ""
    max_failed_tasks: int | None = None
    stable_for: float = 0.0
    wait_for: WaitFor = "completed"
    on_pause: OnPause = "wait"
    skip_unchanged: bool = False
    keep_revisions: int | None = None
    on_conflict: OnConflict = "replace"
    build_number: int | None = None
    dry_run: bool = False
    reports: tuple[str, ...] = ()
    notify: tuple[Secret, ...] = ()
    log_lines: int = 20
    preflight: str = "image"
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    task_timeout: float = 3600.0
    task_container: str = ""
    probes: tuple[Url, ...] = ()
    probe_expect: str = ""
    schedules: tuple[str, ...] = ()
    attempt: str = ""
    build: Build = Build()
    secrets: tuple[Secret, ...] = ()
    blue_green: BlueGreen | None = None
    colours: Colours | None = None
    approval: Approval | None = None
    about: str = ""

    def for_colour(self, live: str) -> Request:
        """The rolling deployment of the colour that isn't live."""
        colours = self.colours
        assert colours is not None
        service, edits = (colours.green, colours.green_edits) if live == "blue" else (colours.blue, colours.blue_edits)
        return replace(self, services=(service,), edits=edits)

    def takes_back(self, failed: Target, other: Target) -> bool:
        """Whether `other` must return because `failed` did not make it."""
        if self.undo_failed_only:
            return other.name == failed.name
        return self.undo_waves or other.region == failed.region

    def probe_of(self, region: str) -> Url | None:
        """What is asked whether the new version serves in that Region; None where nothing is."""
        several = len(self.probes) > 1
        own = [access.region for access in self.regions].index(region) if several else 0
        return self.probes[own] if self.probes else None

    @property
    def leave_on_cancel(self) -> bool:
        """Whether a cancelled deployment is left to ECS."""
        return self.on_cancel == "leave"

    @property
    def brief(self) -> str:
        """What is new, in a few words: `shop:2`."""
        return self.about or ", ".join(edit.brief for edit in self.edits) or short(self.revision)

    @property
    def subject(self) -> str:
        """What is new, and where it goes: `shop:2 for container app`."""
        return self.about or ", ".join(map(str, self.edits)) or f"revision {short(self.revision)}"

    @property
    def edited(self) -> tuple[str, ...]:
        """The containers that edits go to, as far as they name any."""
        return tuple(dict.fromkeys(name for edit in self.edits for name in edit.containers))

    @property
    def regions(self) -> tuple[Access, ...]:
        """All Regions, in the order of their waves."""
        return (self.access, *self.further)

    @property
    def cluster_name(self) -> str:
        """The cluster's name, also when its ARN was given."""
        return short(self.cluster)
