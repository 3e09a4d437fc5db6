"""botocore's exceptions, sorted into faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from botocore import exceptions, parsers

from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind, not_awss
from drone_deploy_ecs.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

T = TypeVar("T")

SERVER_ERROR = 500
_MAY_PASS = (408, 429)
"""Request Timeout, Too Many Requests: what a proxy says for a while."""
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

# AWS's word for its own trouble, whatever the status that came with it.
_SERVER_ERRORS = frozenset({
    "ServerException", "InternalFailure", "InternalError", "InternalServerError", "InternalServerException",
    "ServiceUnavailable", "ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException",
})  # fmt: skip

_KINDS: tuple[tuple[tuple[type[Exception], ...], FaultKind], ...] = (
    ((exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.CredentialRetrievalError,
      exceptions.TokenRetrievalError, exceptions.NoAuthTokenError, exceptions.ProfileNotFound), FaultKind.NO_CREDENTIALS),
    ((exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError, exceptions.ProxyConnectionError,
      exceptions.NoRegionError), FaultKind.UNREACHABLE),
    ((exceptions.HTTPClientError,), FaultKind.AMBIGUOUS),
)  # fmt: skip


def calling(operation: str, call: Callable[[], T]) -> T:
    """The call's answer. Raises ApiError for every failure that is not a defect of ours."""
    try:
        return call()
    except Exception as error:
        failure = fault(operation, error)
        if failure is None:
            raise
        raise ApiError(failure) from error


def fault(operation: str, error: Exception) -> Fault | None:
    """What went wrong with this call, or None where the exception isn't botocore's to raise (then it is a defect)."""
    if isinstance(error, exceptions.ClientError):
        return _answered(error)
    if isinstance(error, parsers.ResponseParserError):
        return not_awss(operation)
    if isinstance(error, exceptions.SSLError):
        # A certificate is judged before anything is sent; any other trouble may have come with the answer.
        untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
        return Fault(FaultKind.UNREACHABLE if untrusted else FaultKind.AMBIGUOUS, operation, "", str(error))
    for types, kind in _KINDS:
        if isinstance(error, types):
            return Fault(kind, operation, "", "no answer" if kind is FaultKind.AMBIGUOUS else str(error))
    if isinstance(error, exceptions.BotoCoreError):
        return Fault(FaultKind.REJECTED, operation, "", str(error))
    return not_awss(operation) if _comes_from_parser(error.__traceback__) else None


def _comes_from_parser(traceback: TracebackType | None) -> bool:
    """A body that is no JSON object, or not UTF-8, fails there as it may: AttributeError, UnicodeDecodeError."""
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__") == parsers.__name__:
            return True
        traceback = traceback.tb_next
    return False


def _answered(error: exceptions.ClientError) -> Fault:
    response = cast("Mapping[str, Mapping[str, object]]", error.response)
    code = str(response.get("Error", {}).get("Code", ""))
    message = str(response.get("Error", {}).get("Message", "")).partition(_QUOTATION)[0].strip()
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    number = status if isinstance(status, int) else 0
    kind = _kind(code, number)
    return Fault(kind, error.operation_name, code, message, is_not_awss=_is_refused_in_between(code, number))


def _is_refused_in_between(code: str, status: int) -> bool:
    """Whether a proxy refuses, and will again: where the body names no error of AWS's, botocore puts the status."""
    return (not code or code.isdigit()) and status < SERVER_ERROR and status not in _MAY_PASS


def _kind(code: str, status: int) -> FaultKind:
    if code in _THROTTLED:
        return FaultKind.THROTTLED
    if code in _DENIED:
        return FaultKind.DENIED
    if code in _NO_CREDENTIALS:
        return FaultKind.NO_CREDENTIALS
    # Without a name of AWS's it isn't AWS that refuses, but something in between.
    if status >= SERVER_ERROR or code in _SERVER_ERRORS or not code or code.isdigit():
        return FaultKind.AMBIGUOUS
    return FaultKind.REJECTED
