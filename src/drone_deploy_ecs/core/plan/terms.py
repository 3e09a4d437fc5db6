"""What a rollout is judged by, as the request asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.steps.rollout.terms import Terms

if TYPE_CHECKING:
    from drone_deploy_ecs.core.request.request import Request


def forward(request: Request) -> Terms:
    """For the new version."""
    return Terms(
        budget=request.budget,
        max_failed_tasks=request.max_failed_tasks,
        stable_for=request.stable_for,
        wait_for_drained=request.wait_for == "completed",
        wait_for_shift=request.wait_for == "shifted",
        on_pause=request.on_pause,
    )


def back(request: Request) -> Terms:
    """On the way back nobody is choosy: it is judged by the evidence, and done when it is complete."""
    return Terms(budget=request.budget, on_pause=request.on_pause)
