"""One request to AWS as a value. It says what is asked, in AWS's own names, and reads its answer; it sends nothing."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from drone_deploy_ecs.core.calls.body import Body
    from drone_deploy_ecs.core.calls.quota import Quota

AnswerT = TypeVar("AnswerT")

Lane = tuple[str, ...]

WEB = "web"
"""The `service` of what goes to no AWS."""


class Timeout(NamedTuple):
    """Seconds to wait for a connection, and then for the answer."""

    connect: float
    read: float


USUAL = Timeout(5.0, 20.0)
"""Short: whoever follows a rollout looks again, rather than waiting for an answer that may never come."""
SHORT = Timeout(2.0, 5.0)
"""For what isn't ECS: an undo waits for these calls."""
QUICK = Timeout(1.0, 1.5)
"""For what is asked before the first write, and what a run does without."""


class Call(Struct, Generic[AnswerT], frozen=True, kw_only=True):
    """One request, which is one attempt. Every operation has a class of its own, whose attributes describe it.

    `service` is botocore's name for the client, `operation` AWS's for the call. `quota` is the bucket that it takes a
    token from, `permission` what IAM calls it. `is_raw`: its request goes out as it is, members that no SDK knows
    included, but for those `in_path`, which are in its address. `absent`: the code of the error that is an answer, too:
    there is no such thing. `follows`: the member of AWS's answer that is an address, where what is there is to be the
    answer. `writes`: it changes something. `most`: how many may share one request. `reads` says in words what it reads,
    and `advice` what to check where AWS rejects that; `shows` what people miss where it isn't allowed.
    """

    service: ClassVar[str] = "ecs"
    operation: ClassVar[str]
    quota: ClassVar[Quota]
    permission: ClassVar[str]
    is_raw: ClassVar[bool] = False
    in_path: ClassVar[frozenset[str]] = frozenset()
    absent: ClassVar[str] = ""
    follows: ClassVar[str] = ""
    writes: ClassVar[bool] = False
    most: ClassVar[int] = 1
    timeout: ClassVar[Timeout] = USUAL
    reads: ClassVar[str] = "the services"
    advice: ClassVar[str] = "Check the cluster's name and the region"
    shows: ClassVar[str] = "more"

    region: str

    @property
    def lane(self) -> Lane:
        """Calls of one lane wait for the same token, and may be joined."""
        return (self.region, self.operation)

    @property
    def subject(self) -> str:
        """What it is about, in a word: a service's name, an ARN. For those who keep a record of calls."""
        return self.about(self.members())

    @staticmethod
    def about(_members: Mapping[str, Any], /) -> str:
        """The subject of a request with these members, for those who have no more of it."""
        return ""

    @abstractmethod
    def members(self) -> dict[str, Any]:
        """The request's body, in AWS's own names."""

    def known_members(self) -> dict[str, Any]:
        """The members that an SDK may look at: all, but for a request that is sent as it is."""
        return self.members()

    @abstractmethod
    def read(self, body: Body) -> AnswerT:
        """The answer as a value. Raises NotWholeError where the body isn't all of one of AWS's."""

    def join(self, others: Sequence[Self]) -> Self:
        """One call for all of these, which are of one lane."""
        assert not others, f"{self.operation} can't be joined"
        return self

    def part(self, answer: AnswerT) -> AnswerT:
        """This one's share of the answer to a joint call."""
        return answer
