"""Put a new image on a running ECS service, and say truthfully whether it serves; if not, why not.

    env · argv ─settings→ Request ─strategy→ Plan ─begin→ Executions ⟲ call · answer ─outcomes→ Report ─output→ log

`settings` makes a `Request` out of flags and `PLUGIN_*`. `run.deployment` is the whole walk on one screen: it reads
what is there, a strategy in `core.plan` decides what is to be done, `run.loop` (the only loop) sends the calls that
the steps under way ask for, and what each came to is said in `core.report`. `core` is pure; `aws` alone knows
botocore; `simulator` is an ECS in memory. ARCHITECTURE.md tells the rest.
For programs: `deploy(request(cluster="prod", …)) -> Report`, and a few names more (`__init__.pyi`).
"""

from drone_deploy_ecs.version import __version__ as __version__

__all__ = ("Event", "ExitCode", "Refused", "Report", "Request", "Verdict", "deploy", "request")


def __getattr__(name: str) -> object:
    """The public names (see `__init__.pyi`), imported when asked for: a command's start-up doesn't pay for them."""
    from importlib import import_module

    if name in __all__:
        return getattr(import_module("drone_deploy_ecs.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
