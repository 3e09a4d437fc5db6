"""argv → one command → its exit code; and what is said of a refusal or a defect."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from drone_deploy_ecs.cli.parser import PROGRAM, parser
from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TextIO

    from drone_deploy_ecs.cli.edges import Edges

COMMANDS = {"act": "action:act", "simulator": "simulator:simulator", "demo": "demo:demo"}
"""Command → `module:function` of this package; a module is imported when its command is run."""
NOT_WRITTEN = "Nothing was written: no deployment was started."
LEFT = "Look at the service: a deployment may have been left as it was at that moment."
"""What a defect leaves behind. The second is noted on every exception of a run that writes."""


def run() -> NoReturn:
    """The console script."""
    sys.exit(main(sys.argv[1:], _real))


def main(argv: Sequence[str], reach: Callable[[], Edges]) -> int:
    """Run one command; the exit code. The outside is reached for when it is needed: `--help` never does."""
    try:
        options = parser().parse_args(argv)
    except Refused as refusal:
        return _refusal(refusal, reach())
    edges = reach()
    try:
        return command(COMMANDS[options.program])(edges, vars(options))
    except Refused as refusal:
        return _refusal(refusal, edges)
    except Exception as error:
        return _defect(error, edges.stderr)


def _real() -> Edges:
    from drone_deploy_ecs.cli.edges import real

    return real()


def command(place: str) -> Callable[[Edges, Any], int]:
    """The function at `module:function` of this package."""
    module, _, function = place.partition(":")
    found: Callable[[Edges, Any], int] = getattr(import_module(f"{__package__}.{module}"), function)
    return found


def _refusal(refusal: Refused, edges: Edges) -> ExitCode:
    for problem in refusal.problems:
        print(f"{PROGRAM}: {safe(str(problem), 1000)}", file=edges.stderr)
    print("Refused: nothing was changed.", file=edges.stderr)
    if edges.env.get("GITHUB_ACTIONS") == "true":
        from drone_deploy_ecs.output.ci import github

        edges.stderr.write(github.refusal(refusal.problems))
    return ExitCode.REFUSED


def _defect(error: Exception, stderr: TextIO) -> ExitCode:
    """Where it happened, without the exception's message: that may quote a value which nobody should see."""
    import traceback

    for frame in traceback.extract_tb(error.__traceback__):
        print(f"  {frame.filename}:{frame.lineno} in {frame.name}", file=stderr)
    print(
        f"{PROGRAM} {__version__}: a defect of this program ({type(error).__name__}), please report it with the",
        file=stderr,
    )
    print(f"lines above. {LEFT if LEFT in getattr(error, '__notes__', ()) else NOT_WRITTEN}", file=stderr)
    return ExitCode.BUG
