"""What must not be printed isn't, in whatever form it turns up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.masking import SHORTEST, Masks, Secret, secrets, sparing
from drone_deploy_ecs.core.text import safe

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"
BODY = {
    "containerDefinitions": [
        {
            "name": "app",
            "environment": [
                {"name": "DB_PASSWORD", "value": "hunter2hunter2"},
                {"name": "DB_URL", "value": "pg://u:hunter2hunter2@db/x"},
                {"name": "SHORT", "value": "8080"},
                {"name": "KEY", "value": PEM},
                {"name": "NOTHING"},
            ],
            "secrets": [{"name": "API_KEY", "valueFrom": f"{ARN}:key:AWSCURRENT:"}],
            "logConfiguration": {
                "logDriver": "splunk",
                "options": {"splunk-token": "0f1e2d3c", "splunk-url": "https://splunk.example"},
                "secretOptions": [{"name": "splunk-cert", "valueFrom": "/prod/splunk/cert"}],
            },
            "repositoryCredentials": {"credentialsParameter": f"{ARN}login"},
        },
        {"name": "bare", "logConfiguration": None},
    ]
}
MASKS = Masks(secrets(BODY))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password hunter2hunter2!", "password ***DB_PASSWORD***!"),
        ("at pg://u:hunter2hunter2@db/x now", "at ***DB_URL*** now"),
        ("port 8080", "port 8080"),
        ("hkiG9w0BAQEFAASC", "***KEY***"),
        (json.dumps({"k": PEM}), '{"k": "***KEY***"}'),
        ("pg%3A%2F%2Fu%3Ahunter2hunter2%40db%2Fx", "***DB_URL***"),
        (f"can't read {ARN}:key:AWSCURRENT:", "can't read ***API_KEY***"),
        (f"can't read {ARN}, denied", "can't read ***API_KEY***, denied"),
        ("arn:aws-cn:ssm:cn-north-1:1:parameter/other: no", "***SECRET_ARN*** no"),
        ("0f1e2d3c /prod/splunk/cert", "***splunk-token*** ***splunk-cert***"),
        (f"login {ARN}login", "login ***registry credentials***"),
        ("https://splunk.example", "https://splunk.example"),
    ],
)
def test_known_values_are_hidden_under_their_names(text: str, shown: str) -> None:
    assert MASKS.hide(text) == shown


@pytest.mark.parametrize("cut", range(SHORTEST, 14))
def test_a_value_that_was_cut_is_hidden_too(cut: int) -> None:
    line = "x" * 20 + " hunter2hunter2 "
    assert "hunter" not in MASKS.hide(safe(line, 21 + cut + 1))


def test_a_mask_is_not_masked_again() -> None:
    masks = Masks([Secret("FIRST_NAME", "SECOND"), Secret("SECOND", "FIRST_NAME")])
    assert masks.hide("SECOND FIRST_NAME") == "***FIRST_NAME*** ***SECOND***"


def test_what_is_shown_anyway_is_spared_in_lines_of_our_own() -> None:
    known = [Secret("REGION", "eu-west-1"), Secret("PASSWORD", "correct horse")]
    assert sparing(known, "web in eu-west-1").hide("eu-west-1: correct horse") == "eu-west-1: ***PASSWORD***"


def test_what_only_begins_like_a_value_is_left() -> None:
    assert MASKS.hide("hunter2 is a joke…, hunter2h and no more") == "hunter2 is a joke…, hunter2h and no more"


def test_nothing_known_hides_nothing() -> None:
    assert Masks().hide("a line…") == "a line…"


@given(st.lists(st.text(min_size=SHORTEST), min_size=1, max_size=5), st.text(max_size=20), st.integers(1, 60))
def test_no_value_survives_being_made_safe_and_cut(values: list[str], around: str, limit: int) -> None:
    masks = Masks(Secret(f"N{place}", value) for place, value in enumerate(values))
    text = around + around.join(values) + around
    shown = masks.hide(safe(masks.hide(text), limit))
    for value in values:
        assert value not in shown or value in "***N0******N1******N2******N3******N4***" or value in around
