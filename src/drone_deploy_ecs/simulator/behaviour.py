"""What containers of an image do: the script that the simulated tasks follow."""

from msgspec import Struct


class Behaviour(Struct, frozen=True, kw_only=True):
    """The script of one image. Seconds count from the task's start (`starts_after`) or from RUNNING (the others).

    `start_error` is the stopped reason of a task that never starts (`CannotPullContainerError: …`,
    `ResourceInitializationError: …`). `exits_after` None means that it keeps running. A task's other containers end
    with `others_exit_code`. `health` is "" without a
    container health check, "healthy" or "unhealthy" after `health_after`. Once `heals_after` tasks of a deployment
    have failed, its next ones do well, as do all that start after `mended_at` (seconds of the world's time). Until
    `placeable_after` (likewise) no task can be placed. Of so many `hosts`, which get tasks in turn, only the first
    fails them. `injected` is why a container that AWS puts into the task doesn't start. `volume_error` is why ECS can't
    attach the task's EBS volume: such a task never starts. `registration_error` is why a load balancer doesn't take it:
    such a task runs, and never becomes healthy. `log` are the lines that a container writes. `architectures` are those
    that ECR has the image for, in an index or (`is_index` false, and then only the first) a plain manifest.
    """

    starts_after: float = 4.0
    start_error: str = ""
    volume_error: str = ""
    registration_error: str = ""
    exits_after: float | None = None
    exit_code: int = 0
    others_exit_code: int = 0
    reason: str = ""
    stopped_reason: str = "Essential container in task exited"
    stop_code: str = "EssentialContainerExited"
    health: str = ""
    health_after: float = 10.0
    target_unhealthy: bool = False
    heals_after: int | None = None
    mended_at: float | None = None
    hosts: int = 1
    injected: str = ""
    placeable_after: float = 0.0
    log: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ("amd64", "arm64")
    is_index: bool = True
    placement_event: str = (
        "was unable to place a task because no container instance met all of its requirements. "
        "The closest matching container-instance 0123456789abcdef0123456789abcdef has insufficient memory available."
    )

    def is_there(self, now: float) -> bool:
        """Whether its registry has the image at that time of the world."""
        return not self.start_error.endswith(": not found") or (self.mended_at is not None and now >= self.mended_at)


def crash(exit_code: int = 1, after: float = 0.0) -> Behaviour:
    """A container that exits by itself."""
    log = ("shop starting", "reading the configuration", f"fatal: no such table: orders; exiting with {exit_code}")
    return Behaviour(exits_after=after, exit_code=exit_code, log=log)


def missing(image: str) -> Behaviour:
    """An image that isn't in its registry."""
    return Behaviour(
        start_error=f"CannotPullContainerError: pull image manifest has been retried 1 time(s): "
        f"failed to resolve ref {image}: {image}: not found"
    )


def built_for(*architectures: str, is_index: bool = True) -> Behaviour:
    """An image for other processors than the tasks': its containers end as they begin."""
    return Behaviour(
        exits_after=0.0,
        exit_code=255,
        log=("exec /usr/local/bin/shop: exec format error",),
        architectures=architectures,
        is_index=is_index,
    )
