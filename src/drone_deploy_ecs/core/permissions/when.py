"""When a statement is needed (a row's `when` in `table.py`): by action, settings, and what is known of the service.

Of what isn't known the worst is assumed: the statement is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.preflight.checks import ALL, OFF
from drone_deploy_ecs.core.request.request import AUTO

if TYPE_CHECKING:
    from drone_deploy_ecs.core.permissions.place import Place

WATCHING = ("status", "watch")
"""Actions that only tell what is."""
READ_ONLY = (*WATCHING, "plan", "rehearse")
"""Those that write nothing."""
AS_IT_IS = ("rollback", "continue")
"""Those that deploy what is registered already; only a way back to what has been deregistered is a copy."""


def writes(place: Place) -> bool:
    """Whether the action writes at all."""
    return place.request.purpose not in READ_ONLY


def plans(place: Place) -> bool:
    """Whether it makes a plan, as what only tells what is doesn't."""
    return place.request.purpose not in WATCHING


def knows_modes(place: Place) -> bool:
    """Whether it does what a mode of two services means."""
    return plans(place) and place.request.purpose not in ("rollback", "continue")


def registers(place: Place) -> bool:
    """Whether it may register a revision."""
    if place.request.purpose in AS_IT_IS and place.definitions is not None:
        return not all(definition.active for definition in place.definitions)
    return writes(place)


def follows(place: Place) -> bool:
    """Whether it follows a rollout to its verdict."""
    return place.request.purpose != "status"


def looks_back(place: Place) -> bool:
    """Whether it asks what ran before."""
    return place.request.purpose in ("status", "rollback")


def has_tags(place: Place) -> bool:
    """Whether it registers revisions that keep tags."""
    return registers(place) and tagged(place)


def tagged(place: Place) -> bool:
    """Whether a task definition has tags."""
    return place.definitions is None or any(definition.body.get("tags") for definition in place.definitions)


def has_order(place: Place) -> bool:
    """Whether builds have numbers."""
    return place.request.build_number is not None


def starts_tasks(place: Place) -> bool:
    """Whether it follows tasks that are started: mode blue-green-cluster starts none."""
    return follows(place) and place.request.colours is None


def runs_tasks(place: Place) -> bool:
    """Whether there are one-off tasks."""
    request = place.request
    return bool(request.before or request.after or request.command)


def tags_tasks(place: Place) -> bool:
    """Whether those get tags."""
    return runs_tasks(place) and (
        place.service is None or place.service.launch.is_tagged or place.service.launch.propagates == "SERVICE"
    )


def is_balanced(place: Place) -> bool:
    """Whether a load balancer has a say."""
    return starts_tasks(place) and (place.service is None or bool(place.service.target_groups))


def has_alarms(place: Place) -> bool:
    """Whether alarms have a say."""
    return follows(place) and (place.service is None or bool(place.service.alarms))


def looks_at_images(place: Place) -> bool:
    """Whether preflight looks at images in ECR."""
    return plans(place) and place.request.preflight != OFF and (place.definitions is None or bool(place.repositories))


def looks_at_all(place: Place) -> bool:
    """Whether preflight looks at all that tasks need."""
    return plans(place) and place.request.preflight == ALL


def shifts(place: Place) -> bool:
    """Whether ECS shifts traffic."""
    return place.service is not None and place.service.strategy.shifts


def shifts_and_writes(place: Place) -> bool:
    """Whether it may have to stop or continue such a deployment."""
    return shifts(place) and writes(place)


def switches(place: Place) -> bool:
    """Whether two services take turns."""
    return place.request.blue_green is not None and knows_modes(place)


def cleans_up(place: Place) -> bool:
    """Whether old revisions are deregistered."""
    return writes(place) and place.request.keep_revisions is not None


def finds_schedules(place: Place) -> bool:
    """Whether schedules are to be found, rather than named."""
    return place.request.schedules == AUTO


def has_schedules(place: Place) -> bool:
    """Whether schedules follow."""
    return bool(place.request.schedules)
