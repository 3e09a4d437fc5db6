"""Answers in JSON are handed on as they came: botocore would make a dictionary of each, in most of a look's time."""

from __future__ import annotations

from typing import Any

from botocore.parsers import ResponseParserFactory

JSON = "json"
"""botocore's name of the protocol that ECS, EventBridge, CloudWatch Logs, Secrets Manager and others speak."""
REST_JSON = "rest-json"
"""The one that EventBridge Scheduler and Lambda speak."""
BODY = "body"
REFUSED = 300
"""An HTTP status from here on is an error, which botocore's own parser takes apart."""


class Parsers(ResponseParserFactory):
    """The `response_parser_factory` of a session."""

    def create_parser(self, protocol_name: str) -> Any:
        """A parser for the answers of a protocol."""
        parser = super().create_parser(protocol_name)
        return _AsItCame(parser) if protocol_name == JSON else parser


class _AsItCame:
    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def parse(self, response: dict[str, Any], shape: Any) -> dict[str, Any]:
        """`{BODY: bytes}` beside what botocore says of every answer; an error as botocore has it."""
        if response["status_code"] >= REFUSED:
            refused: dict[str, Any] = self._parser.parse(response, shape)
            return refused
        return {BODY: response["body"], "ResponseMetadata": {"HTTPStatusCode": response["status_code"]}}
