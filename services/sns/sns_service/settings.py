"""What sns' processes are told by their environment."""

from __future__ import annotations

from pydantic import Field, PositiveFloat, field_validator

from shared.encryption import FernetKeys, split_keys
from shared.settings import HttpUrl
from sns_service.networks.registry import NETWORK_NAMES, NETWORKS, NetworkSettings

SLACK_SECONDS = 13.0
"""A post may wait for its turn (2.5 s), be begun late (4 s), have its access renewed (1 s); then a call takes 5 s to
connect, and NETWORK_TIMEOUT_SECONDS."""


class SnsSettings(NetworkSettings):
    """Every time is in the unit that its name says."""

    credential_keys: FernetKeys
    """Comma-separated: the first encrypts the accounts' credentials, all of them decrypt."""
    default_image_url: HttpUrl | None = None
    """What a network that needs a picture gets for a post without one."""
    default_video_url: HttpUrl | None = None
    network_rates: dict[str, PositiveFloat] = Field(
        default_factory=lambda: {network.name: network.posts_per_second for network in NETWORKS}
    )
    """JSON: how many posts a second a network gets from all workers together; those not named, any number. Blogs are
    many sites; theirs is for the sake of our own database and of those who read meanwhile (docs/decisions/0021)."""
    publish_at_a_time: int = Field(default=400, ge=2, le=5000)
    """Posts that one worker has on their way at a time."""
    publish_tries: int = Field(default=15, ge=1, le=100)
    """After so many failures that may pass, a post has failed: by default half an hour after the first one."""
    network_timeout_seconds: float = Field(default=20.0, gt=0)
    lookup_after_seconds: float = Field(default=35.0, ge=0)
    """How long after an attempt without an answer the network is asked whether it has the post: by then a request that
    was still on its way has arrived or is lost."""

    @property
    def fernet_keys(self) -> list[str]:
        """CREDENTIAL_KEYS, split."""
        return split_keys(self.credential_keys)

    def unsafe_in_production(self) -> list[str]:
        """Also refuses to look posts up while a request may still be on its way."""
        least = self.network_timeout_seconds + SLACK_SECONDS
        hasty = [f"LOOKUP_AFTER_SECONDS: at least {least:g}"] if self.lookup_after_seconds < least else []
        return super().unsafe_in_production() + hasty

    @field_validator("network_rates")
    @classmethod
    def _of_networks_that_there_are(cls, rates: dict[str, float]) -> dict[str, float]:
        if unknown := sorted(rates.keys() - set(NETWORK_NAMES)):
            raise ValueError(f"unknown network: {', '.join(unknown)} (known are {', '.join(NETWORK_NAMES)})")
        return rates
