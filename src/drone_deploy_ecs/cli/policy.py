"""The action `policy`: the least IAM policy for the settings on standard output, and what to know of it beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.cli.parser import PROGRAM
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.permissions.policy import notes, policy_for
from drone_deploy_ecs.output.console import plain
from drone_deploy_ecs.run.places import Places

if TYPE_CHECKING:
    from drone_deploy_ecs.cli.edges import Edges
    from drone_deploy_ecs.core.request.request import Request


def policy(edges: Edges, request: Request) -> int:
    """Print it. Nothing is written, and what can't be read has a placeholder."""
    reader = Places(request, edges.connect, edges.clock, plain.listener(edges.stderr))
    places = reader.read()
    made = policy_for(places)
    for note in (*reader.troubles, *notes(made, places)):
        print(f"{PROGRAM}: {note}", file=edges.stderr)
    edges.stdout.write(str(made))
    return ExitCode.DONE
