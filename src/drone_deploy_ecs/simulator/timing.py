"""How long things take in the simulated ECS, in seconds. Calibrated on public captures of single runs."""

from msgspec import Struct


class Timing(Struct, frozen=True, kw_only=True):
    """The durations of a world, in seconds."""

    tick: float = 10.0
    """Between two turns of a service's scheduler; in captures, events come in clusters this far apart."""
    tick_spread: float = 0.0
    """The share (0.1: 10 %) by which each tick may be shorter or longer, at random."""
    provisioning: float = 6.0
    """PROVISIONING → PENDING → RUNNING of a task whose image needs no time of its own."""
    healthy_after_running: float = 40.0
    """Without any health check, a task counts as healthy this long after RUNNING (ECS API reference)."""
    stopping: float = 3.0
    """SIGTERM to STOPPED."""
    draining: float = 0.0
    """Deregistration delay of a target group; ECS's default is 300."""
    restart_first: float = 10.0
    """Wait before a task is tried again after one that never reached RUNNING; doubles."""
    restart_most: float = 1620.0
    """27 minutes: the longest such wait (developer guide, service throttle logic)."""
    forget_stopped: float = 3600.0
    """Stopped tasks can be described for an hour."""
    shift: float = 20.0
    """From a traffic shift's begin to its end, for a strategy of ECS's own. One recorded run (October 2026): users were
    served by the old version again 20 seconds after StopServiceDeployment."""
    network_shift: float = 600.0
    """What a shift takes longer behind a Network Load Balancer: about ten minutes (developer guide)."""
