"""botocore's exceptions, sorted into faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from botocore import exceptions
from botocore.parsers import ResponseParserError

from drone_deploy_ecs.core.fault import Fault, FaultKind
from drone_deploy_ecs.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

SERVER_ERROR = 500
_QUOTATION = "The Canonical String"
"""From here on, AWS's word on a wrong signature quotes the request, session token included."""

# What AWS says when it wants fewer calls; LimitExceededException is a quota in ECS, not a rate.
_THROTTLED = frozenset({
    "ThrottlingException", "Throttling", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "RequestLimitExceeded", "TooManyRequestsException", "SlowDown", "PriorRequestNotComplete", "BandwidthLimitExceeded",
    "ConcurrentUpdateException",  # of Application Auto Scaling: somebody else changes the same target, try again
})  # fmt: skip
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized"})
_NO_CREDENTIALS = frozenset({
    "ExpiredTokenException", "ExpiredToken", "RequestExpired", "UnrecognizedClientException", "InvalidClientTokenId",
    "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken",
})  # fmt: skip

_KINDS: tuple[tuple[tuple[type[Exception], ...], FaultKind], ...] = (
    ((exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.CredentialRetrievalError,
      exceptions.TokenRetrievalError, exceptions.NoAuthTokenError, exceptions.ProfileNotFound), FaultKind.NO_CREDENTIALS),
    ((exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError, exceptions.ProxyConnectionError,
      exceptions.SSLError, exceptions.NoRegionError), FaultKind.UNREACHABLE),
    ((exceptions.HTTPClientError, ResponseParserError), FaultKind.AMBIGUOUS),
)  # fmt: skip


def calling(operation: str, call: Callable[[], T]) -> T:
    """The call's answer. Raises ApiError for every failure that is not a defect of ours."""
    try:
        return call()
    except Exception as error:
        found = fault(operation, error)
        if found is None:
            raise
        raise ApiError(found) from error


def fault(operation: str, error: Exception) -> Fault | None:
    """What went wrong with this call, or None where the exception isn't botocore's to raise (then it is a defect)."""
    if isinstance(error, exceptions.ClientError):
        return _answered(error)
    for types, kind in _KINDS:
        if isinstance(error, types):
            return Fault(kind, operation, "", "no answer" if kind is FaultKind.AMBIGUOUS else str(error))
    if isinstance(error, exceptions.BotoCoreError):
        return Fault(FaultKind.REJECTED, operation, "", str(error))
    return None


def _answered(error: exceptions.ClientError) -> Fault:
    said = cast("Mapping[str, Mapping[str, object]]", error.response)
    code = str(said.get("Error", {}).get("Code", ""))
    message = str(said.get("Error", {}).get("Message", "")).partition(_QUOTATION)[0].strip()
    status = said.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return Fault(_kind(code, status if isinstance(status, int) else 0), error.operation_name, code, message)


def _kind(code: str, status: int) -> FaultKind:
    if code in _THROTTLED:
        return FaultKind.THROTTLED
    if code in _DENIED:
        return FaultKind.DENIED
    if code in _NO_CREDENTIALS:
        return FaultKind.NO_CREDENTIALS
    return FaultKind.AMBIGUOUS if status >= SERVER_ERROR else FaultKind.REJECTED
