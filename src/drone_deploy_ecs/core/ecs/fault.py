"""A call to AWS that did not answer as hoped, as a value: what kind of failure, and so what may be done about it."""

from enum import Enum

from msgspec import Struct


class FaultKind(Enum):
    """What a failed call leaves behind; the wording of AWS's errors is sorted into these once, in `aws/`."""

    THROTTLED = "throttled"
    """AWS did nothing and asks for patience."""
    DENIED = "denied"
    """IAM says no; asking again will not help."""
    REJECTED = "rejected"
    """The request itself is refused (bad parameter, no such cluster, inactive revision)."""
    AMBIGUOUS = "ambiguous"
    """Time-out, reset or 5xx after sending: it may or may not have happened. Look before repeating a write."""
    UNREACHABLE = "unreachable"
    """The request never reached AWS (no route, refused, no name)."""
    NO_CREDENTIALS = "no credentials"
    """No credentials, or they have expired."""


class Fault(Struct, frozen=True):
    """One failed call: `operation` (`UpdateService`), AWS's error `code` or "", and its `message`.

    `is_not_awss` says that something answered, but not AWS, or not to the end: a proxy, a login page, a cut connection.
    """

    kind: FaultKind
    operation: str
    code: str
    message: str
    is_not_awss: bool = False

    @property
    def may_pass(self) -> bool:
        """Whether the same call may go well a little later."""
        return self.kind in (FaultKind.THROTTLED, FaultKind.AMBIGUOUS, FaultKind.UNREACHABLE)

    def __str__(self) -> str:
        text = f"{self.code}: {self.message}" if self.code else self.message
        return f"{self.operation}: {text}"


def not_awss(operation: str) -> Fault:
    """An answer came, but not a whole one of AWS's: cut on the way, or a proxy's. The call may have happened."""
    return Fault(FaultKind.AMBIGUOUS, operation, "", "an answer that isn't AWS's, or not a whole one", is_not_awss=True)
