"""The command line and the plugin: argparse over the settings table, and the one place where everything is wired."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from drone_deploy_ecs import __version__
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.errors import ExitCode, Refused
from drone_deploy_ecs.settings import SETTINGS, did_you_mean_flag, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TextIO

    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.request import Access, Request
    from drone_deploy_ecs.deployment import Deployment
    from drone_deploy_ecs.ports import Aws, Cancellation, Clock, Listener

PROGRAM = "drone-deploy-ecs"
HELP_WIDTH = 100
NOT_WRITTEN = "Nothing was written: no deployment was started."
LEFT = "Look at the service: a deployment may have been left as it was at that moment."
"""What a defect leaves behind. The second is noted on every exception of a run that writes."""
GARBAGE = 20_000
"""Objects made before Python looks for cycles among them: an answer about ten services makes thousands, and none."""
DESCRIPTION = """Put a new image on a running Amazon ECS service, follow that deployment to a true verdict, and go back
if it fails. Without a command it is the Drone plugin: it reads its settings from PLUGIN_* variables
(cluster is PLUGIN_CLUSTER); "deploy --help" lists them."""
EPILOG = """exit codes: 0 completed or unchanged; 1 a defect of this program; 2 refused, nothing was changed; 3 failed, and
all that had to return is back on what it ran before; 4 failed, and something is NOT as before; 5 superseded by
somebody's newer deployment; 6 lost sight of AWS; 128+n interrupted by signal n"""


def run() -> NoReturn:
    """The console script: the real environment, streams, AWS and time."""
    from drone_deploy_ecs.signals import Signals, SystemClock

    gc.set_threshold(GARBAGE)
    signals = Signals()
    edges = Edges(os.environ, sys.stdout, sys.stderr, _aws, SystemClock(signals.woken), _chance, signals)
    sys.exit(main(sys.argv[1:], edges))


def main(argv: Sequence[str], edges: Edges) -> int:
    """Run one command; the exit code."""
    try:
        options = _parser().parse_args(argv)
        return _COMMANDS[options.command](edges, vars(options))
    except Refused as refusal:
        for problem in refusal.problems:
            print(f"{PROGRAM}: {safe(str(problem), 1000)}", file=edges.stderr)
        print("Refused: nothing was changed.", file=edges.stderr)
        if edges.env.get("GITHUB_ACTIONS") == "true":
            from drone_deploy_ecs.pages import github

            edges.stderr.write(github.refusal(refusal.problems))
        return ExitCode.REFUSED
    except Exception as error:
        _defect(error, edges.stderr)
        return ExitCode.BUG


def _defect(error: Exception, stderr: TextIO) -> None:
    """Where it happened, without the exception's message: that may quote a value which nobody should see."""
    import traceback

    for frame in traceback.extract_tb(error.__traceback__):
        print(f"  {frame.filename}:{frame.lineno} in {frame.name}", file=stderr)
    print(
        f"{PROGRAM} {__version__}: a defect of this program ({type(error).__name__}), please report it with the",
        file=stderr,
    )
    print(f"lines above. {LEFT if LEFT in getattr(error, '__notes__', ()) else NOT_WRITTEN}", file=stderr)


# --- the parser ---


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_formatter, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Refused like any other setting, with a hint where an option is misspelt."""
        unknown = message.removeprefix("unrecognized arguments: ") if message.startswith("unrec") else ""
        raise Refused((Problem(message, did_you_mean_flag(unknown.split(" ")[0]) or f"See {PROGRAM} --help"),))


def _formatter(prog: str) -> argparse.HelpFormatter:
    """The same width everywhere; asking the terminal for its own would cost an import of shutil."""
    return argparse.HelpFormatter(prog, width=HELP_WIDTH)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=PROGRAM, description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.set_defaults(command="deploy")
    commands = parser.add_subparsers(metavar="command", parser_class=_Parser)
    for name, what in (
        ("deploy", "deploy: the same settings as flags"),
        ("plan", "print what a deployment would do; write nothing"),
    ):
        command = commands.add_parser(name, help=what, description=what, epilog=EPILOG)
        command.set_defaults(command=name)
        _add_settings(command)
    simulator = commands.add_parser("simulator", help="serve a simulated ECS over HTTP")
    simulator.set_defaults(command="simulator")
    simulator.add_argument("--scenario", metavar="FILE", help="clusters, services and behaviours (JSON or TOML)")
    simulator.add_argument("--port", type=int, default=4566, help="on 127.0.0.1; 0 picks a free one (default: 4566)")
    simulator.add_argument("--speed", type=float, default=1.0, help="seconds simulated in one second (default: 1)")
    demo = commands.add_parser("demo", help="a good and a failing deployment, on the simulator")
    demo.set_defaults(command="demo")
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("settings", "each also as PLUGIN_<NAME>; a flag wins")
    for setting in SETTINGS:
        default = f" (default: {setting.default})" if setting.default else ""
        text = "".join((", ".join(setting.modes), ": " if setting.modes else "", setting.help, default))
        if setting.type == "yes/no":
            group.add_argument(setting.flag, nargs="?", const="true", default="", metavar="YES/NO", help=text)
        else:
            group.add_argument(setting.flag, default="", metavar=setting.type.upper(), help=text)


# --- the commands ---


class Edges(NamedTuple):
    """What the outside is, for one command."""

    env: Mapping[str, str]
    stdout: TextIO
    stderr: TextIO
    connect: Callable[[Access], Aws]
    clock: Clock
    chance: Callable[[], float]
    cancellation: Cancellation


def _deploy(edges: Edges, options: Mapping[str, Any]) -> int:
    request = _request(edges, options)
    if request.dry_run:
        return _show_plan(edges, request)
    for path in request.reports:
        _check_writable(path)
    try:
        return _carry_out(edges, request)
    except Exception as error:
        error.add_note(LEFT)
        raise


def _carry_out(edges: Edges, request: Request) -> int:
    from drone_deploy_ecs.console.terminal import listening

    with listening(edges.stderr, edges.env, edges.clock) as listener:
        report = _deployment(edges, request, listener).deploy()
    for path in request.reports:
        _write_report(edges, report, path)
    _fill_pages(edges, request, report)
    return report.exit_code


def _plan(edges: Edges, options: Mapping[str, Any]) -> int:
    return _show_plan(edges, _request(edges, options))


def _show_plan(edges: Edges, request: Request) -> int:
    from drone_deploy_ecs.console import plain
    from drone_deploy_ecs.console.plan import render

    edges.stdout.write(render(_deployment(edges, request, plain.listener(edges.stderr)).prepare()))
    return ExitCode.DONE


def _request(edges: Edges, options: Mapping[str, Any]) -> Request:
    flags = {setting.name: options.get(setting.name, "") for setting in SETTINGS}
    request, warnings = resolve(flags, edges.env)
    for problem in warnings:
        print(f"{PROGRAM}: warning: {safe(str(problem), 1000)}", file=edges.stderr)
    return request


def _deployment(edges: Edges, request: Request, listener: Listener) -> Deployment:
    from drone_deploy_ecs.deployment import Deployment

    return Deployment(request, edges.connect, edges.clock, listener, edges.chance, cancellation=edges.cancellation)


def _chance() -> float:
    from random import random

    return random()  # noqa: S311  jitter, not a secret


def _aws(access: Access) -> Aws:
    # botocore costs more to import than all the rest: only once the settings are known to be good. Nothing of that is
    # garbage, and looking for some would take a tenth of the time.
    gc.disable()
    try:
        from drone_deploy_ecs.aws.connection import connect

        return connect(access)
    finally:
        gc.freeze()
        gc.enable()


def _check_writable(path: str) -> None:
    """Find out before the deployment, not after it."""
    if path == "-":
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))
    except OSError as error:
        raise Refused(
            (Problem(f"report {path!r} can't be written: {error.strerror}", "Give a path that can"),)
        ) from error


def _write_report(edges: Edges, report: Report, path: str) -> None:
    from drone_deploy_ecs.console.report import write

    try:
        write(report, path, edges.stdout)
    except OSError as error:
        said = f"the report {safe(path)} could not be written: {error.strerror}"
        print(f"{PROGRAM}: warning: {said}", file=edges.stderr)


def _fill_pages(edges: Edges, request: Request, report: Report) -> None:
    """Answer in the CI system's own page; whatever comes of that, the deployment is over."""
    stream = edges.stderr if "-" in request.reports else edges.stdout
    try:
        from drone_deploy_ecs.pages.put import fill

        for trouble in fill(report, edges.env, stream):
            print(f"{PROGRAM}: warning: {trouble}", file=edges.stderr)
    except Exception as error:
        print(
            f"{PROGRAM}: warning: the CI system's page could not be filled ({type(error).__name__})", file=edges.stderr
        )


def _simulator(edges: Edges, options: Mapping[str, Any]) -> int:
    from drone_deploy_ecs.simulator import scenario
    from drone_deploy_ecs.simulator.http import Server, lines

    world = scenario.load(options["scenario"]) if options["scenario"] else scenario.default()
    with Server(world, options["port"], options["speed"]) as server:
        for line in lines(server):
            print(line, file=edges.stdout, flush=True)
        edges.cancellation.defer()
        while not edges.cancellation.signal:
            edges.clock.sleep(3600)
    return ExitCode.DONE


def _demo(edges: Edges, _options: Mapping[str, Any]) -> int:
    from drone_deploy_ecs.demo import demo

    return demo(edges.stdout, edges.env)


_COMMANDS: dict[str, Callable[[Edges, Mapping[str, Any]], int]] = {
    "deploy": _deploy,
    "plan": _plan,
    "simulator": _simulator,
    "demo": _demo,
}
