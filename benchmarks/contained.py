"""What `rehearse` predicts for services of a second ECS with real containers, and what came: measured, and kept.

`python -m benchmarks.contained` (root, Docker): some minutes. The figures are kept in `contained.toml`, which
`benchmarks.rehearse` writes into its page.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.recorded import CONTAINED, Contained
from tests.containers.emulator import running_emulator
from tests.containers.engine import running_engine
from tests.containers.rehearsal import IMAGES, deploy, make_history, rehearse
from tests.containers.rig import assemble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tests.containers.rig import Rig
    from tests.deployments import Breaker

BREAKERS: tuple[Breaker, ...] = ("off", "rollback")


def measure(rig: Rig, breaker: Breaker) -> Iterator[Contained]:
    """One after the other, each kind of image on a service of its own; the first has the history that is read."""
    name = rig.service(f"measured-{breaker}", desired=1, breaker=breaker)
    make_history(rig, name)
    rows, _ = rehearse(rig, name)
    rig.remove(name)
    for fate, tag in IMAGES.items():
        name = rig.service(f"measured-{breaker}-{tag}", desired=1, breaker=breaker)
        seen, row = deploy(rig, name, tag), rows[fate]
        rig.remove(name)
        yield Contained(
            image=fate,
            breaker=breaker,
            predicted=row.verdict,
            after=row.after,
            at_worst=row.at_worst,
            verdict=seen.verdict,
            took=round(seen.after, 1),
        )


def main() -> None:
    """Measure, print and keep."""
    # Not the usual temporary folder: its path may be too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="ecs-rig-", dir="/tmp"))
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        engine = cleanup.enter_context(running_engine(folder))
        rig = assemble(cleanup.enter_context(running_emulator(folder, engine)), engine, folder)
        found = [each for breaker in BREAKERS for each in measure(rig, breaker)]
    text = "# Made by `python -m benchmarks.contained`.\n" + "".join(map(_entry, found))
    print(text, end="")
    CONTAINED.write_text(text, encoding="utf-8")


def _entry(each: Contained) -> str:
    members: dict[str, Any] = msgspec.to_builtins(each)
    # A JSON string or number is one of TOML's, too.
    return "\n[[runs]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in members.items())


if __name__ == "__main__":
    main()
