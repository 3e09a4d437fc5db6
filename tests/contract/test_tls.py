"""TLS on loopback: certificates are parsed once for all clients, and only what they vouch for is talked to."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager, suppress
from threading import Thread
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


@contextmanager
def tls_proxy(asked: list[bytes]) -> Iterator[str]:
    """A proxy that speaks TLS. It notes the way it is asked to make, and makes none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)

    def answer() -> None:
        with suppress(OSError):
            while True:
                connection = listening.accept()[0]
                with suppress(OSError), context.wrap_socket(connection, server_side=True) as shaken:
                    asked.append(shaken.recv(4096).partition(b" ")[0])
                    shaken.sendall(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=answer, daemon=True).start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


def test_a_proxy_that_speaks_tls_is_judged_by_the_same_bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And not by what the system trusts."""
    wire.point_at(monkeypatch, "https://ecs.example.com")
    asked: list[bytes] = []
    with tls_proxy(asked) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("AWS_CA_BUNDLE", own_bundle(tmp_path, "proxy.pem"))
        with pytest.raises(ApiError, match="proxy"):
            connect(Access("eu-west-1")).send(LOOK)
        assert asked == [b"CONNECT"]
        monkeypatch.delenv("AWS_CA_BUNDLE")
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        with pytest.raises(ApiError, match="proxy"):
            connect(Access("eu-west-1")).send(LOOK)
        assert asked == [b"CONNECT"]
