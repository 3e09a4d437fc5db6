"""Put a new image on a running ECS service, and say truthfully whether it serves; if not, why not.

    env · argv ─settings→ Request ─observe→ Snapshot ─plan→ Plan ─engine→ Watch … Verdict ─(bad)→ undo → Report

`settings` makes a `Request` out of flags and `PLUGIN_*`. `deployment.Deployment` is the whole walk on one screen:
`observe` reads, `core.plan` decides, `engine` (the only loop) does and watches, `core.watch` folds what is seen into a
verdict, `core.report` says how it ended. `core` is pure; `aws` alone knows botocore; `simulator` is an ECS in memory.
"""

__version__ = "0.1.0"
