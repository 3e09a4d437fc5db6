"""The way back, recorded before the first write: what a service would return to, and what to say of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.plan.revision import existing
from drone_deploy_ecs.core.request.edits.edit import listed
from drone_deploy_ecs.core.request.edits.images import SetImages
from drone_deploy_ecs.core.target import WayBack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.plan.snapshot import Ready
    from drone_deploy_ecs.core.request.image import Image
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.target import Target


def way_back(ready: Ready) -> WayBack:
    """To the last COMPLETED deployment's revision, or to a copy of it where that revision would not do."""
    if ready.before is None:
        return WayBack(impossible=ready.unreadable or "it has no COMPLETED deployment to go back to")
    if repushed := ready.revision.repushed(ready.before.body):
        return _copied(_pinned(repushed, ready.before, ready.digests), ready)
    return _copied(as_it_was(ready.before), ready)


def as_it_was(before: Definition) -> WayBack:
    """To this very revision, or, if it has been deregistered, to the same content."""
    must_copy = "" if before.active else f"{short(before.arn)} has been deregistered"
    return WayBack(definition=before.arn, body=before.body, must_copy=must_copy)


def _copied(back: WayBack, ready: Ready) -> WayBack:
    """To the copy that a way back needs, where an earlier run has registered it already."""
    copy = existing(back.body, (*ready.listed, ready.newest)) if back.body is not None and back.must_copy else None
    return replace(back, definition=copy.arn, must_copy="") if copy else back


def _pinned(images: Mapping[str, Image], before: Definition, digests: Mapping[str, str]) -> WayBack:
    """Going back to the same tag would fetch the same image again: only its former digest is a way back."""
    is_one = len(images) == 1
    if unknown := [name for name in images if not digests.get(name)]:
        what = (
            "the same tag, and the digest its tasks run isn't known"
            if is_one
            else (f"the same tags, and the digest that its tasks run isn't known of {listed('container', unknown)}")
        )
        return WayBack(impossible=f"{short(before.arn)} names {what}")
    pinned = SetImages(tuple((name, image.pinned_to(digests[name])) for name, image in images.items()))
    cut = ", ".join(f"{'' if is_one else f'{name} '}{digests[name][:19]}…" for name in images)
    return WayBack(
        definition=before.arn,
        body=pinned.apply(before.body),
        must_copy=f"The same tag{' is' if is_one else 's are'} pinned to what runs now, {cut}",
        what="its image pinned by digest"
        if is_one
        else f"the images of {listed('container', [*images])} pinned by digest",
    )


def undo_sentence(request: Request, target: Target) -> str:
    """How an update would be taken back, for the plan on paper."""
    if not request.roll_back:
        return "none, rollbacks are disabled"
    if target.back.impossible:
        return f"impossible ({target.back.impossible})"
    if target.back.must_copy:
        return f"a copy of {short(target.back.definition)} ({target.back.must_copy})"
    return f"UpdateService back to {short(target.back.definition)}"
