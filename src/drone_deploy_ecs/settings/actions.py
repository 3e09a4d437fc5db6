"""What may be done, in ONE table: it makes the commands, what `action` takes, and what each of them must be told."""

from __future__ import annotations

from typing import NamedTuple

BRANCH = "branch"
"""What the CI system tells, and mode blue-green-cluster makes the secret's name of: needed like a setting."""


class Action(NamedTuple):
    """One action: what it is called, and what `--help` says of it.

    `command` carries it out, `plan` prints its plan ("": it writes nothing, so dry_run changes nothing); both are
    `module:function` of the package `cli`, called with the edges and the request. `needs` are those of the required
    settings that it can't do without, () means all. Of what it has no use for, `unused` is said to have no effect, and
    `refuses` isn't: who gives that means something else; `instead` says what this action does.
    """

    name: str
    help: str
    command: str
    plan: str = ""
    needs: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    instead: str = ""

    def requires(self, setting: str) -> bool:
        """Whether it can't do without this setting, which is required for a deployment."""
        return not self.needs or setting in self.needs

    def uses(self, setting: str) -> bool:
        """Whether the setting means anything to it."""
        return setting not in (*self.unused, *self.refuses)


PLACES = ("aws_region", "cluster", "service", "blue_service", "green_service")
"""Which services it is about. Every action needs these."""
EDITS = (
    "image", "tag", "images", "environment", "secrets", "patch", "task_definition", "blue_image", "green_image",
)  # fmt: skip
"""What makes a new revision."""
SWITCHING = (
    "scale_down_percent", "scale_down_interval", "scale_down_wait_period", "checks_to_pass", "check_interval",
    "secret_service", "allow_pull_request",
)  # fmt: skip
"""How two services take turns."""
SEVERAL = ("canary_services", "max_parallel", "on_failure", "waves")
"""How the services of a deployment are ordered, and what a failure takes back."""
BESIDE = ("before", "after", "command", "task_timeout", "task_container", "probe", "probe_expect", "schedules")
"""What is run, asked and moved beside the services."""
NOT_FOLLOWING = (
    "revision", "deployment", *EDITS, *SWITCHING, *SEVERAL, *BESIDE, "keep_revisions", "disable_rollbacks", "on_cancel", "preflight", "skip_unchanged",
    "on_pause", "on_conflict", "build_number",
)  # fmt: skip
"""What means nothing to who only follows."""
NOT_JUDGING = ("max_failed_tasks", "stable_for", "wait_for", "log_lines", "notify")
"""What means nothing to who waits for nothing."""
NOT_GOING_BACK = (*SWITCHING, *BESIDE, "keep_revisions", "skip_unchanged", "deployment", "on_conflict", "build_number")
"""What means nothing to who goes back."""
NOT_RUNNING = (
    *SWITCHING, *SEVERAL, "keep_revisions", "deployment", "on_pause", "before", "after", "probe", "probe_expect", "schedules", "disable_rollbacks", "max_failed_tasks",
    "stable_for", "wait_for", "preflight", "skip_unchanged", "on_conflict", "build_number",
)  # fmt: skip
"""What means nothing to a one-off task."""

CONTINUE = "continue"
DEPLOY = Action(
    "deploy",
    "put the new version on the services, follow it, and take back what failed",
    "deploy:deploy",
    plan="deploy:plan",
    unused=("deployment", "command"),
)
ACTIONS = {
    action.name: action
    for action in (
        DEPLOY,
        Action(
            "plan", "print what a deployment would do; write nothing", "deploy:plan", unused=("deployment", "command")
        ),
        Action(
            "status",
            "what runs, since when, what is rolling out, and how the last rollouts ended; write nothing",
            "status:status",
            needs=PLACES,
            unused=(*NOT_FOLLOWING, *NOT_JUDGING),
        ),
        Action(
            "watch",
            "follow what is rolling out now to its verdict, whoever began it; write nothing",
            "deploy:deploy",
            plan="deploy:plan",
            needs=PLACES,
            unused=NOT_FOLLOWING,
        ),
        Action(
            "rollback",
            "go back: take back what is rolling out, or deploy what ran before (or revision)",
            "deploy:deploy",
            plan="deploy:plan",
            needs=PLACES,
            unused=NOT_GOING_BACK,
            refuses=EDITS,
            instead="it goes to what ran before, or to revision",
        ),
        Action(
            "run",
            "run one one-off task in a service's settings, and exit with 0 if it does",
            "deploy:deploy",
            plan="deploy:plan",
            needs=("aws_region", "cluster", "service", "command"),
            unused=NOT_RUNNING,
        ),
        Action(
            CONTINUE,
            "let the deployment that waits at a PAUSE hook go on, and follow it",
            "deploy:deploy",
            plan="deploy:plan",
            needs=PLACES,
            unused=(*SWITCHING, *SEVERAL, *BESIDE, "keep_revisions", "preflight", "skip_unchanged", "on_conflict"),
            refuses=tuple(name for name in EDITS if name != "image"),
            instead="it lets what waits go on as it is, and image, revision, deployment or build_number says what that must be",
        ),
        Action(
            "rehearse",
            "run this very plan on simulated services like the real ones, with good and bad images; write nothing",
            "rehearse:rehearse",
            unused=("deployment", "command", "on_conflict", "build_number", "keep_revisions"),
        ),
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
