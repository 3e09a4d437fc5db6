"""What `rehearse` predicts for a service with real containers comes true. How long it takes doesn't: see the page.

docs/benchmarks/rehearse.md has the times side by side.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.containers.rehearsal import IMAGES, Row, Seen, deploy, make_history, rehearse
from tests.deployments import deployments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.containers.rig import Rig

pytestmark = pytest.mark.containers
HERE = tuple(fate for fate, tag in IMAGES.items() if tag != "absent")
"""What is deployed here: this ECS tries a missing image fifty times a second, and that is seen in test_deploy.py."""


def run(rig: Rig, tag: str) -> Seen:
    return deploy(rig, rig.service(f"rehearsed-{tag}", desired=1), tag)


def predict(rig: Rig) -> tuple[dict[str, Row], str]:
    name = rig.service("rehearsed", desired=1)
    make_history(rig, name)
    return rehearse(rig, name)


@pytest.fixture(scope="module")
def both(rig: Rig) -> Iterator[tuple[dict[str, Row], str, dict[str, Seen]]]:
    """What was predicted, all that was printed, and what came: all at once, since they mostly wait."""
    with ThreadPoolExecutor(4) as pool:
        predicted = pool.submit(predict, rig)
        runs = {fate: pool.submit(run, rig, IMAGES[fate]) for fate in HERE}
        rows, printed = predicted.result()
        yield rows, printed, {fate: seen.result() for fate, seen in runs.items()}
        list(pool.map(rig.remove, ["rehearsed", *(f"rehearsed-{IMAGES[fate]}" for fate in HERE)]))


@pytest.mark.parametrize("fate", HERE)
def test_the_verdict_comes_true(both: tuple[dict[str, Row], str, dict[str, Seen]], fate: str) -> None:
    rows, _, seen = both
    assert seen[fate].verdict == rows[fate].verdict


def test_the_verdict_on_a_missing_image_comes_true(both: tuple[dict[str, Row], str, dict[str, Seen]]) -> None:
    rows, _, _ = both
    (elsewhere,) = (each for each in deployments("ministack") if each.name == "absent")
    assert elsewhere.verdict == (rows["isn't in the registry"].verdict,)


def test_it_says_that_this_ecs_has_no_history_to_tell(both: tuple[dict[str, Row], str, dict[str, Seen]]) -> None:
    _, printed, _ = both
    assert "no earlier rollout in the services' events tells" in printed
