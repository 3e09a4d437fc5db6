"""What became of each service of a run: its verdict, how it stands, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.report import outcome
from drone_deploy_ecs.core.verdict import Now, Verdict

if TYPE_CHECKING:
    from drone_deploy_ecs.core.cause import Cause
    from drone_deploy_ecs.core.ecs import Service
    from drone_deploy_ecs.core.target import Target
    from drone_deploy_ecs.core.watch import Watch


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one service: the way forward, and the way back if there was one.

    `forward` is None where nothing was to be written; `stranded` says why a way back could not even be tried.
    """

    target: Target
    forward: Watch | None = None
    back: Watch | None = None
    stranded: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict on the way forward; Superseded where somebody took over, be it on the way back."""
        if self.forward is None:
            return Verdict.UNCHANGED
        if self.back and self.back.verdict is Verdict.SUPERSEDED:
            return Verdict.SUPERSEDED
        assert self.forward.verdict is not None
        return self.forward.verdict

    @property
    def failed(self) -> bool:
        """Whether it failed by itself, so that the run's other services must return too."""
        return self.forward is not None and self.forward.verdict is not None and self.forward.verdict.fails_the_run

    @property
    def service(self) -> Service | None:
        """The service as last seen."""
        last = self.back or self.forward
        return last.service if last else None

    @property
    def deployment(self) -> str:
        """The id of the deployment that brought the new version, "" where there was none."""
        return self.forward.deployment if self.forward else ""

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Why that failed, the heaviest cause first."""
        return self.forward.causes if self.forward else ()

    @property
    def reason(self) -> str:
        """Why, in a sentence ("" when all went well)."""
        said = [self.forward.reason if self.forward else "", self.stranded]
        if self.back and self.back.verdict is not Verdict.COMPLETED:
            said.append(f"the way back: {self.back.reason}")
        return "; ".join(part for part in said if part)

    def plain(self, *, run_failed: bool) -> outcome.Outcome:
        """The same as data, once all is over."""
        definition = self.forward.definition if self.forward else self.target.before
        return outcome.Outcome(
            target=self.target,
            verdict=self.verdict,
            end_state=self.now(run_failed=run_failed),
            reason=self.reason,
            service=self.service,
            deployment=self.deployment,
            definition=definition if definition.startswith("arn:") else "",
            causes=self.causes,
            failed=self.failed,
            way_back=self.back.verdict if self.back else None,
            is_stranded=bool(self.stranded),
        )

    def now(self, *, run_failed: bool) -> Now:
        """How the service stands. In a failed run, a service that kept the new version is not as before."""
        if self.back is not None:
            return {Verdict.COMPLETED: Now.AS_BEFORE, Verdict.SUPERSEDED: Now.SOMEBODY_ELSES}.get(
                self.back.verdict or Verdict.UNKNOWN, Now.NOT_AS_BEFORE
            )
        if self.verdict is Verdict.UNCHANGED:
            return Now.UNTOUCHED if run_failed else Now.NEW
        if self.verdict is Verdict.COMPLETED:
            return Now.NOT_AS_BEFORE if run_failed or self.stranded else Now.NEW
        may_be_untouched = self.verdict in (Verdict.WITHDRAWN, Verdict.CANCELLED)
        if self.verdict is Verdict.REFUSED or (may_be_untouched and not self.deployment):
            return Now.UNTOUCHED
        if self.verdict is Verdict.CANCELLED and not self.stranded:
            return Now.LEFT
        return {Verdict.SUPERSEDED: Now.SOMEBODY_ELSES, Verdict.UNKNOWN: Now.UNSEEN}.get(
            self.verdict, Now.NOT_AS_BEFORE
        )


@dataclass(frozen=True, kw_only=True)
class Counted(Outcome):
    """What became of a service that got another desired count and no new revision, as the live side of a blue/green.

    `seen` is the service as last seen, `why` the reason in a sentence.
    """

    judged: Verdict
    stands: Now
    seen: Service | None = None
    why: str = ""

    @property
    def verdict(self) -> Verdict:
        """Completed when it gave way as planned."""
        return self.judged

    @property
    def failed(self) -> bool:
        """Whether it is why the run failed."""
        return self.judged.fails_the_run

    @property
    def service(self) -> Service | None:
        """The service as last seen."""
        return self.seen

    @property
    def reason(self) -> str:
        """Why, in a sentence ("" when all went well)."""
        return self.why

    def now(self, *, run_failed: bool) -> Now:  # noqa: ARG002
        """How the service stands."""
        return self.stands
