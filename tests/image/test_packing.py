"""What is left out of the image is nothing that the code can ask for."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import botocore
import pytest
from botocore.loaders import Loader
from botocore.regions import EndpointResolver
from botocore.session import Session

from drone_deploy_ecs import aws
from drone_deploy_ecs.core.calls.catalogue import CALLS
from tests.image.packing import SERVICES, packing

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTOCORE = Path(botocore.__file__).parent
ALL = {one.name for one in (BOTOCORE / "data").iterdir() if one.is_dir()}


def asked_for(folder: Path) -> Iterator[str]:
    """The services named in the calls that make a client: `client(session, "ecs")`, `self._client_creator("sso")`."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and "client" in ast.unparse(node.func):
                given = [*node.args, *(one.value for one in node.keywords)]
                yield from (one.value for one in given if isinstance(one, ast.Constant) and one.value in ALL)


@pytest.fixture(scope="module")
def trimmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of botocore as the image has it."""
    place = tmp_path_factory.mktemp("botocore") / "data"
    shutil.copytree(BOTOCORE / "data", place)
    packing.trim(place)
    return place


def test_every_client_that_our_code_or_botocore_s_can_make_is_kept() -> None:
    ours, theirs = {call.service for call in CALLS}, set(asked_for(BOTOCORE))
    assert ours >= {"cloudwatch", "ecs", "elbv2", "logs"} | set(asked_for(Path(aws.__file__).parent))
    assert theirs >= {"signin", "sso", "sso-oidc", "sts"}
    assert ours | theirs <= set(SERVICES)


def test_nothing_else_is_kept(trimmed: Path) -> None:
    assert {one.name for one in trimmed.iterdir() if one.is_dir()} == set(SERVICES)
    assert {one.name for one in trimmed.iterdir() if one.is_file()} == {
        one.name for one in (BOTOCORE / "data").iterdir() if one.is_file()
    }


def test_every_endpoint_of_what_is_kept_is_where_it_was(trimmed: Path) -> None:
    whole = json.loads((BOTOCORE / "data" / "endpoints.json").read_bytes())
    small = json.loads((trimmed / "endpoints.json").read_bytes())
    regions = ["mars-north-1", *(region for partition in whole["partitions"] for region in partition["regions"])]
    before, after = EndpointResolver(whole), EndpointResolver(small)
    for prefix in (Session().get_service_model(name).endpoint_prefix for name in SERVICES):
        for partition in before.get_available_partitions():
            known = before.get_available_endpoints(prefix, partition)
            assert after.get_available_endpoints(prefix, partition) == known
        for region in regions:
            assert after.construct_endpoint(prefix, region) == before.construct_endpoint(prefix, region)
    assert (trimmed / "endpoints.json").stat().st_size < 100_000


def test_every_client_is_made_of_what_is_kept(trimmed: Path) -> None:
    for name in SERVICES:
        session = Session()
        session.register_component("data_loader", Loader([str(trimmed)], include_default_search_paths=False))
        assert session.create_client(name, region_name="eu-central-1").meta.service_model.operation_names


def test_a_service_that_botocore_renames_ends_the_build(tmp_path: Path) -> None:
    for name in SERVICES[1:]:
        (tmp_path / name).mkdir()
    with pytest.raises(SystemExit, match=f"botocore has no {SERVICES[0]}"):
        packing.trim(tmp_path)
    assert len(list(tmp_path.iterdir())) == len(SERVICES) - 1
