"""TLS on loopback: certificates are parsed once for all clients, and only what they vouch for is talked to."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.core.calls.ecs import DescribeServices
from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.request.request import Access
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.contract import wire
from tests.contract.middlebox import CERTIFICATE, Middlebox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOOK = DescribeServices(region="eu-west-1", cluster="prod", services=("web",))


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    world = World()
    world.add_service("prod", "web", task_definition())
    with Server(world) as server, Middlebox(server.server_port, {}, tls=True) as box:
        wire.point_at(monkeypatch, box.url)
        yield box.url


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The bundles that are parsed, one by one."""
    bundles: list[object] = []
    parse = ssl.SSLContext.load_verify_locations

    def noting(context: ssl.SSLContext, bundle: str, *others: str) -> None:
        bundles.append(bundle)
        parse(context, bundle, *others)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", noting)
    return bundles


def own_bundle(folder: Path, name: str) -> str:
    """The certificate of this server, in a file that no other test has had parsed."""
    path = folder / name
    path.write_text(CERTIFICATE.read_text())
    return str(path)


@pytest.mark.usefixtures("url")
def test_a_bundle_is_parsed_once_for_all_regions_and_services(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, parsed: list[object]
) -> None:
    bundle = own_bundle(tmp_path, "once.pem")
    monkeypatch.setenv("AWS_CA_BUNDLE", bundle)
    for region in ("eu-west-1", "us-east-1"):
        aws = connect(Access(region))
        (service,) = aws.send(DescribeServices(region=region, cluster="prod", services=("web",)))
        assert service.name == "web"
        with pytest.raises(ApiError, match="ResourceNotFoundException"):
            aws.send(GetLogEvents(region=region, group="g", stream="s", limit=1))
    assert parsed == [bundle]


@pytest.mark.usefixtures("url")
def test_a_bundle_that_can_t_be_read_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
    with pytest.raises(ApiError, match="No such file") as error:
        connect(Access("eu-west-1")).send(LOOK)
    assert error.value.fault.kind is not FaultKind.REJECTED


@pytest.mark.usefixtures("url")
def test_what_one_bundle_vouches_for_no_other_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", own_bundle(tmp_path, "ours.pem"))
    assert connect(Access("eu-west-1")).send(LOOK)
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with pytest.raises(ApiError, match="CERTIFICATE_VERIFY_FAILED") as error:
        connect(Access("eu-west-1")).send(LOOK)
    assert error.value.fault.kind is FaultKind.UNREACHABLE


def test_whose_name_isn_t_in_the_certificate_isn_t_talked_to(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", own_bundle(tmp_path, "named.pem"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", url.replace("127.0.0.1", "127.0.0.2"))
    with pytest.raises(ApiError) as error:
        connect(Access("eu-west-1")).send(LOOK)
    assert error.value.fault.kind is FaultKind.UNREACHABLE
