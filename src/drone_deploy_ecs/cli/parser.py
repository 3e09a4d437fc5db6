"""argparse over the table of settings: what may be given on the command line, and what `--help` says."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.settings.actions import ACTIONS
from drone_deploy_ecs.version import __version__

if TYPE_CHECKING:
    from drone_deploy_ecs.settings.actions import Action

PROGRAM = "drone-deploy-ecs"
HELP_WIDTH = 100
DESCRIPTION = """Put a new image on a running Amazon ECS service, follow that deployment to a true verdict, and go back
if it fails. Without a command it is the Drone plugin: it reads its settings from PLUGIN_* variables
(cluster is PLUGIN_CLUSTER, and PLUGIN_ACTION is what it does); "deploy --help" lists them."""
EPILOG = """exit codes: 0 completed or unchanged; 1 a defect of this program; 2 refused, nothing was changed; 3 failed, and
all that had to return is back on what it ran before; 4 failed, and something is NOT as before; 5 superseded by
somebody's newer deployment; 6 lost sight of AWS; 128+n interrupted by signal n"""


class _Parser(argparse.ArgumentParser):
    """Settings are added once this is the parser asked: no other command's `--help` needs them."""

    def __init__(self, *, settings_of: Action | None = None, **options: Any) -> None:
        super().__init__(formatter_class=_formatter, allow_abbrev=False, **options)
        self._settings_of = settings_of

    def parse_known_args(self, *args: Any, **options: Any) -> Any:
        """See `argparse`. What a command doesn't know, it refuses itself: it has the flags to hint at."""
        if self._settings_of:
            _add_settings(self, self._settings_of)
            self._settings_of = None
        known, unknown = super().parse_known_args(*args, **options)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown

    def error(self, message: str) -> NoReturn:
        """Refused like any other setting, with a hint where an action or a flag is misspelt."""
        from drone_deploy_ecs.settings.values import did_you_mean

        unknown = message.removeprefix("unrecognized arguments: ") if message.startswith("unrec") else ""
        word = message.partition("invalid choice: '")[2].partition("'")[0]
        if word:
            message = f"{word!r} isn't an action"
        flags = [flag for flag in self._option_string_actions if flag.startswith("--")]
        meant = f"--{unknown.partition(' ')[0].partition('=')[0].lstrip('-')}"
        hint = did_you_mean(meant, flags) if unknown else did_you_mean(word, (*ACTIONS, "simulator", "demo"))
        raise Refused((Problem(message, hint or f"See {self.prog} --help"),))


def _formatter(prog: str) -> argparse.HelpFormatter:
    """The same width everywhere; asking the terminal for its own would cost an import of shutil."""
    return argparse.HelpFormatter(prog, width=HELP_WIDTH)


def parser() -> argparse.ArgumentParser:
    """A fresh parser of all commands."""
    made = _Parser(prog=PROGRAM, description=DESCRIPTION, epilog=EPILOG, add_help=False)
    made.set_defaults(program="act")
    commands = made.add_subparsers(title="actions", metavar="ACTION", parser_class=_Parser)
    for action in ACTIONS.values():
        command = commands.add_parser(
            action.name,
            settings_of=action,
            usage=f"{PROGRAM} {action.name} --cluster NAME --service NAME [--SETTING VALUE ...]",
            help=action.help,
            description=f"{action.help[:1].upper()}{action.help[1:]}.",
            epilog=EPILOG,
        )
        command.set_defaults(action=action.name)
    simulator = commands.add_parser("simulator", help="serve a simulated ECS over HTTP")
    simulator.set_defaults(program="simulator")
    simulator.add_argument("--scenario", metavar="FILE", help="clusters, services and behaviours (JSON or TOML)")
    simulator.add_argument("--port", type=int, default=4566, help="on 127.0.0.1; 0 picks a free one (default: 4566)")
    simulator.add_argument("--speed", type=float, default=1.0, help="seconds simulated in one second (default: 1)")
    demo = commands.add_parser("demo", help="a good deployment, a failing one and a canary, on the simulator")
    demo.set_defaults(program="demo")
    # argparse's own options would come before the actions.
    options = made.add_argument_group("options")
    options.add_argument("-h", "--help", action="help", help="show this help message and exit")
    options.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    return made


class _Joined(argparse.Action):
    """A flag given several times, as one text."""

    def __call__(self, _parser: object, namespace: argparse.Namespace, value: Any, _option: str | None = None) -> None:
        """See `argparse`."""
        from drone_deploy_ecs.settings.edits import joined

        setattr(namespace, self.dest, joined(*filter(None, (getattr(namespace, self.dest), value))))


def _add_settings(parser: argparse.ArgumentParser, action: Action) -> None:
    """All settings, as a pipeline may have them for another action; those that mean nothing to this one go unsaid."""
    from drone_deploy_ecs.settings.table import grouped

    note: str | None = "each setting also as PLUGIN_<NAME>; a flag wins"
    for title, settings in grouped():
        group, note = parser.add_argument_group(title.lower(), note), None
        for setting in settings:
            if setting.is_command:
                continue
            default = f" (default: {setting.default})" if setting.default else ""
            text = "".join((", ".join(setting.modes), ": " if setting.modes else "", setting.help, default))
            if not action.uses(setting.name):
                text = argparse.SUPPRESS
            if setting.type == "yes/no":
                group.add_argument(setting.flag, nargs="?", const="true", default="", metavar="YES/NO", help=text)
            elif setting.repeats:
                group.add_argument(setting.flag, action=_Joined, default="", metavar="NAME=VALUE", help=text)
            else:
                group.add_argument(setting.flag, default="", metavar=setting.type.upper(), help=text)
