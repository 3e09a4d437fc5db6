"""What the image is made of."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.image.build import LABELS
from tests.image.compiled import compiled, fits, machine_of
from tests.image.packing import SERVICES

if TYPE_CHECKING:
    from tests.image.build import Image

pytestmark = pytest.mark.containers

AT_MOST = 30_000_000
LOADED_BY_A_RUN = """
import json, sys
from importlib.util import cache_from_source
from pathlib import Path
import drone_deploy_ecs.aws.connection, drone_deploy_ecs.cli.deploy, drone_deploy_ecs.output.console.plain, drone_deploy_ecs.output.files
import drone_deploy_ecs.run.deployment, drone_deploy_ecs.run.system
from botocore.session import Session
client = Session().create_client("ecs", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
sources = [one for one in sys.modules.values() if str(getattr(one, "__file__", "")).endswith(".py")]
compiled = [one.__name__ for one in sources if Path(cache_from_source(one.__file__)).exists()]
print(json.dumps([[one.__name__ for one in sources], compiled]))
"""
USES_MSGSPEC = """
import msgspec
print(msgspec.json.decode(b'{"name": "web"}', type=msgspec.defstruct("Service", [("name", str)])).name)
"""
CLIENTS = """
import json
from pathlib import Path
import botocore
from botocore.session import Session
models = [one.name for one in (Path(botocore.__file__).parent / "data").iterdir() if one.is_dir()]
made = [Session().create_client(name, region_name="eu-west-1").meta.endpoint_url for name in sorted(models)]
print(json.dumps([sorted(models), made]))
"""


def test_it_adds_little_to_its_base(image: Image) -> None:
    added = image.size(image.name) - image.size(image.base)
    assert 5_000_000 < added <= AT_MOST


def test_it_runs_as_nobody_and_without_a_shell(image: Image) -> None:
    config = json.loads(image.engine.docker("image", "inspect", "--format", "{{json .Config}}", image.name))
    assert (config["User"], config["Entrypoint"], config.get("Cmd")) == ("65532:65532", ["drone-deploy-ecs"], None)


def test_it_says_what_it_is(image: Image) -> None:
    labels = json.loads(image.engine.docker("image", "inspect", "--format", "{{json .Config.Labels}}", image.name))
    said = {name.removeprefix("org.opencontainers.image."): value for name, value in labels.items()}
    description = said.pop("description")
    assert description.startswith("Deploys to Amazon ECS")
    built = {name.lower(): value for name, value in LABELS.items()}
    assert said == {"title": "drone-deploy-ecs", "licenses": "MIT", "base.name": image.base, **built}


def test_whatever_a_run_imports_is_compiled(image: Image) -> None:
    sources, compiled = json.loads(image.python(LOADED_BY_A_RUN))
    assert len(sources) > 200
    assert sorted(set(sources) - set(compiled)) == []


def test_what_it_adds_is_compiled_for_its_base_s_machine_and_python(image: Image) -> None:
    python, added = compiled(image)
    with Path(sys.executable).open("rb") as this_one:
        assert python.machine == machine_of(this_one.read(20))
    assert [one for one in added if not fits(one, python)] == []


def test_msgspec_s_compiled_core_is_loaded(image: Image) -> None:
    assert image.python(USES_MSGSPEC) == "web"


def test_it_has_the_models_of_the_services_that_are_used_and_makes_their_clients(image: Image) -> None:
    models, made = json.loads(image.python(CLIENTS))
    assert models == sorted(SERVICES)
    assert len(made) == len(models)
    assert "https://ecs.eu-west-1.amazonaws.com" in made
