"""What became of one service of a run, as plain data: whoever planned the run says it once, when all is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.names import short

if TYPE_CHECKING:
    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.pause import Pause
    from drone_deploy_ecs.core.target import Target
    from drone_deploy_ecs.core.verdict import EndState, Verdict


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one service: its verdict, how it stands at the end, and why.

    `reason` is a clause, "" where all went well; it may quote AWS, as `causes` may: the heaviest of them comes first.
    `service` is the service as last seen, None where it wasn't looked at since the plan was made. `deployment` is the
    id of the deployment that brought the new version, "" where there was none. `definition` is the ARN of the revision
    that the service was to run, "" where that was never registered.

    `failed` says that it failed by itself, so that others of the run may have had to return. `way_back` is the verdict
    on its return, None where it wasn't to return; `is_stranded` says that it should have returned and couldn't.
    `unfinished` says what isn't over yet of what was called completed, "" where all is; of
    what is somebody else's, what is known of that. `pause` is the PAUSE hook at
    which it was left waiting, be it on its way back; None where it wasn't.
    """

    target: Target
    verdict: Verdict
    end_state: EndState
    reason: str = ""
    service: Service | None = None
    deployment: str = ""
    definition: str = ""
    causes: tuple[Cause, ...] = ()
    failed: bool = False
    way_back: Verdict | None = None
    is_stranded: bool = False
    unfinished: str = ""
    pause: Pause | None = None

    @property
    def running(self) -> str:
        """The revision of its PRIMARY deployment as last seen."""
        primary = self.service.primary if self.service else None
        return short(primary.task_definition if primary else self.target.before)

    @property
    def revision(self) -> str:
        """The revision it was to run, "" where that was never registered."""
        return short(self.definition)
