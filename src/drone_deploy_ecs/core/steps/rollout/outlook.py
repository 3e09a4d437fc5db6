"""What depends on how ECS deploys, as it is for ROLLING: how a rollout is looked at, judged, explained and returned.

Another way to deploy overrides what differs: `steps/native`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.causes.cause import causes
from drone_deploy_ecs.core.steps.observation import Reading
from drone_deploy_ecs.core.steps.rollout import history, polling, rollback
from drone_deploy_ecs.core.steps.rollout.follow import keep
from drone_deploy_ecs.core.steps.rollout.judge import judge
from drone_deploy_ecs.core.steps.rollout.record import Record

if TYPE_CHECKING:
    from typing import Self

    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.ecs.service import Deployment, Service, ServiceEvent
    from drone_deploy_ecs.core.steps.rollout.follow import Ours
    from drone_deploy_ecs.core.steps.rollout.history import Milestones
    from drone_deploy_ecs.core.steps.rollout.judge import Sight
    from drone_deploy_ecs.core.steps.rollout.write import Next
    from drone_deploy_ecs.core.verdict import Judgement


class Outlook(Record, frozen=True, kw_only=True):
    """What is known of a rollout, and what follows from how ECS deploys."""

    def look(self, service: Service | None, at: float) -> Reading:
        """The look that begins with this answer."""
        return Reading(service=service, at=at)

    def wants_tasks(self, service: Service | None, now: float) -> bool:
        """Whether the look that shows this is to read the stopped tasks, too."""
        return polling.wants_tasks(self, service, now)

    def seen(self, look: Reading, now: float) -> Self:
        """It with what a whole look tells of its tasks."""
        return replace(self, tasks=keep(self.tasks, look, self.ours, self.definition, now))

    def way_back(self, service: Service, primary: Deployment, now: float) -> Judgement | Ours | Next:
        """What a look before the write means on the way back."""
        began, away_since = self.began, self.not_primary_since
        return rollback.check(
            self.step, self.definition, service, primary, since=self.since, began=began, away_since=away_since, now=now
        )

    def judged(self, sight: Sight) -> Judgement | None:
        """The verdict that a look at our deployment justifies."""
        return judge(sight)

    def reasons(self, since: float) -> tuple[Cause, ...]:
        """Why it doesn't end well, by all that was seen; events count from `since` on (epoch seconds)."""
        return causes(self.service, self.tasks.stopped, since)

    def foretold(self, events: tuple[ServiceEvent, ...]) -> tuple[Milestones, ...]:
        """The rollouts before it that it may be like. A start from another count is none like those."""
        return history.earlier(events) if self.step.desired is None else ()
