"""The way back, recorded before the first write: what a service would return to, and what to say of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.plan.revision import existing
from drone_deploy_ecs.core.target import WayBack

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.plan.snapshot import Ready
    from drone_deploy_ecs.core.request.image import Image
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.target import Target


def way_back(request: Request, ready: Ready) -> WayBack:
    """To the last COMPLETED deployment's revision, or to a copy of it where that revision would not do."""
    if ready.before is None:
        return WayBack(impossible=ready.unreadable or "it has no COMPLETED deployment to go back to")
    image = taskdef.containers(ready.before.body).get(request.container, "")
    if image == request.image.reference and not request.image.digest:
        return _copied(_pinned(request.image, request.container, ready.before, ready.digest), ready)
    return _copied(as_it_was(ready.before), ready)


def as_it_was(before: Definition) -> WayBack:
    """To this very revision, or, if it has been deregistered, to the same content."""
    must_copy = "" if before.active else f"{short(before.arn)} has been deregistered"
    return WayBack(definition=before.arn, body=before.body, must_copy=must_copy)


def _copied(back: WayBack, ready: Ready) -> WayBack:
    """To the copy that a way back needs, where an earlier run has registered it already."""
    copy = existing(back.body, (*ready.listed, ready.newest)) if back.body is not None and back.must_copy else None
    return replace(back, definition=copy.arn, must_copy="") if copy else back


def _pinned(image: Image, container: str, before: Definition, digest: str) -> WayBack:
    """Going back to the same tag would fetch the same image again: only its former digest is a way back."""
    if not digest:
        return WayBack(impossible=f"{short(before.arn)} names the same tag, and the digest its tasks run isn't known")
    body = taskdef.with_image(before.body, container, image.pinned_to(digest))
    must_copy = f"The same tag is pinned to what runs now, {digest[:19]}…"
    return WayBack(definition=before.arn, body=body, must_copy=must_copy)


def undo_sentence(request: Request, target: Target) -> str:
    """How an update would be taken back, for the plan on paper."""
    if not request.roll_back:
        return "none, rollbacks are disabled"
    if target.back.impossible:
        return f"impossible ({target.back.impossible})"
    if target.back.must_copy:
        return f"a copy of {short(target.back.definition)} ({target.back.must_copy})"
    return f"UpdateService back to {short(target.back.definition)}"
