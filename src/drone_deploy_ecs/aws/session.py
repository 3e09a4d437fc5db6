"""A botocore session with the right credentials, and clients that make one attempt a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.session import Session

from drone_deploy_ecs.aws.data import DataFiles
from drone_deploy_ecs.aws.parser import Parsers
from drone_deploy_ecs.version import __version__

if TYPE_CHECKING:
    from botocore.credentials import Credentials

    from drone_deploy_ecs.core.calls.call import Timeout
    from drone_deploy_ecs.core.request.request import Access


def session(access: Access) -> Session:
    """A session for that region, with the assumed role's credentials where one is asked for.

    Credentials come from botocore's default chain and are refreshed when they expire, assumed ones too.
    """
    botocore_session = Session()
    botocore_session.set_config_variable("region", access.region)
    botocore_session.register_component("response_parser_factory", Parsers())
    botocore_session.get_component("data_loader").file_loader = DataFiles()
    if access.role_arn:
        botocore_session.register_component(
            "credential_provider", CredentialResolver([_AssumedRole(botocore_session, access)])
        )
    return botocore_session


def client(botocore_session: Session, service: str, region: str, timeout: Timeout) -> Any:
    """A client whose calls are one attempt each: botocore's own retries would repeat ambiguous writes."""
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=timeout.connect,
        read_timeout=timeout.read,
        user_agent_extra=f"drone-deploy-ecs/{__version__}",
    )
    return botocore_session.create_client(service, region_name=region, config=config)


class _AssumedRole(CredentialProvider):
    """A credential provider: the chain's credentials, exchanged at STS for the role's, and again when they expire."""

    METHOD: str | None = "assume-role"
    CANONICAL_NAME: str | None = "drone-deploy-ecs"

    def __init__(self, botocore_session: Session, access: Access) -> None:
        super().__init__()
        self._session = botocore_session
        self._access = access
        self._chain = botocore_session.get_component("credential_provider")

    def load(self) -> Credentials | None:
        """The role's credentials; fetched when first needed. None when the chain has none to exchange."""
        source = self._chain.load_credentials()
        if source is None:
            return None
        extra = {"RoleSessionName": self._access.role_session_name}
        if self._access.role_external_id:
            extra["ExternalId"] = self._access.role_external_id
        fetcher = AssumeRoleCredentialFetcher(
            self._session.create_client, source, self._access.role_arn, extra_args=extra
        )
        return DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)
