"""Addresses that are asked: what is one, where a redirect leads, and what of it may be shown."""

import pytest

from drone_deploy_ecs.core.request.url import Url
from drone_deploy_ecs.settings.values import InvalidValue, urls

SECRET = "https://shop:s3cr%3At@Shop.Example:8443/a b/ä?token=s3cr:t2&n=1#top"


def url(text: str) -> Url:
    found = Url.parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "shown", "wire"),
    [
        ("https://shop.example", "https://shop.example/", "/"),
        ("http://shop.example:80/health?x=1,2", "http://shop.example/health", "/health?x=1,2"),
        ("https://127.0.0.1:8443/a%20b", "https://127.0.0.1:8443/a%20b", "/a%20b"),
        ("https://[::1]/", "https://[::1]/", "/"),
        ("https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example/", "https://xn--bcher-kva.example/", "/"),
        ("HTTP://SHOP.example/A", "http://shop.example/A", "/A"),
    ],
)
def test_a_whole_one(text: str, shown: str, wire: str) -> None:
    assert (str(url(text)), url(text).wire) == (shown, wire)


@pytest.mark.parametrize(
    "text",
    ["", "shop.example", "/health", "ftp://shop.example", "https://", "https:///x", "https://a b/", "https://a:x/",
     "https://a:0/", "https://a:99999/", "https://[/", "https://a..b/", "https://" + "a" * 64 + "/"],
)  # fmt: skip
def test_none(text: str) -> None:
    assert Url.parse(text) is None


def test_what_is_secret_is_known_and_never_shown() -> None:
    found = Url.parse(SECRET.replace(" ", "%20"))
    assert found is not None
    assert (found.login, found.port) == ("shop:s3cr:t", 8443)
    assert f"{found}{found!r}".count("s3cr") == 0
    assert {secret.value for secret in found.secrets} >= {"shop", "s3cr:t", "s3cr:t2", "shop:s3cr:t"}


@pytest.mark.parametrize(
    ("start", "location", "to"),
    [
        ("http://a/x?y=1", "z", "http://a/z"),
        ("http://a/x", "//b/z", "http://b/z"),
        ("http://a/x", "https://a/x", "https://a/x"),
        ("http://a/x", "?next=1", "http://a/x"),
        ("http://a/x", "mailto:me@example.com", None),
        ("http://a/x", "https://[", None),
        ("http://a/x", "https://a:x/", None),
    ],
)
def test_where_a_redirect_leads(start: str, location: str, to: str | None) -> None:
    found = url(start).to(location)
    assert (found and str(found)) == to


@pytest.mark.parametrize(
    ("start", "location", "keeps"),
    [
        ("http://me:pw@a/", "/x", True), ("http://me:pw@a/", "https://a/", True), ("http://me:pw@a:8080/", "http://a:8080/", True),
        ("http://me:pw@a:8080/", "https://a/", False), ("http://me:pw@a/", "http://b/", False),
        ("https://me:pw@a:443/", "http://a:443/", False), ("http://me:pw@a/", "http://you:other@b/", False),
    ],
)  # fmt: skip
def test_a_login_goes_no_further_than_it_was_meant(start: str, location: str, *, keeps: bool) -> None:
    found = url(start).to(location)
    assert found is not None
    assert found.login == ("me:pw" if keeps else "")


def test_several_are_separated_by_commas_and_may_have_some() -> None:
    assert [one.wire for one in urls("https://a/?x=1,2, https://b/,")] == ["/?x=1,2", "/"]
    with pytest.raises(InvalidValue, match="isn't a whole URL"):
        urls("https://a/, b.example")
