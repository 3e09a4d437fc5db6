"""What may be done, in ONE table: it makes the commands, what `action` takes, and what each of them must be told."""

from __future__ import annotations

from typing import NamedTuple

BRANCH = "branch"
"""What the CI system tells, and mode blue-green-cluster makes the secret's name of: needed like a setting."""


class Action(NamedTuple):
    """One action: what it is called, and what `--help` says of it.

    `command` carries it out, `plan` prints its plan ("": it writes nothing, so dry_run changes nothing); both are
    `module:function` of the package `cli`, called with the edges and the request. `needs` are those of the required
    settings that it can't do without, () means all.
    """

    name: str
    help: str
    command: str
    plan: str = ""
    needs: tuple[str, ...] = ()

    def requires(self, setting: str) -> bool:
        """Whether it can't do without this setting, which is required for a deployment."""
        return not self.needs or setting in self.needs


PLACES = ("aws_region", "cluster", "service", "blue_service", "green_service")
"""Which services it is about. Every action needs these."""

DEPLOY = Action("deploy", "deploy: the same settings as flags", "deploy:deploy", plan="deploy:plan")
ACTIONS = {
    action.name: action
    for action in (
        DEPLOY,
        Action("plan", "print what a deployment would do; write nothing", "deploy:plan"),
        Action(
            "policy",
            "print the least IAM policy for these settings; write nothing",
            "policy:policy",
            needs=(*PLACES, "secret_service"),
        ),
    )
}
UNKNOWN = Action("", "", "", needs=PLACES)
"""In the place of an action that can't be read: what only some need isn't missed then."""
