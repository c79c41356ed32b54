"""What sns' processes are told by their environment."""

from __future__ import annotations

from typing import Self, get_args

from pydantic import Field, PositiveFloat, SecretStr, field_validator, model_validator

from shared.encryption import FernetKeys, split_keys
from shared.settings import HttpUrl, ServiceSettings
from sns_service.accounts.platforms import Platform

SLACK_SECONDS = 13.0
"""A post may wait for its turn (2.5 s), be begun late (4 s), have its access renewed (1 s); then a call takes 5 s to
connect, and NETWORK_TIMEOUT_SECONDS."""


class SnsSettings(ServiceSettings):
    """Every time is in the unit that its name says."""

    credential_keys: FernetKeys
    """Comma-separated: the first encrypts the accounts' credentials, all of them decrypt."""
    blog_url: HttpUrl | None = None
    """The WordPress site of accounts that name none of their own."""
    instagram_url: HttpUrl = "https://graph.instagram.com/v23.0"
    tiktok_url: HttpUrl = "https://open.tiktokapis.com"
    youtube_url: HttpUrl = "https://www.googleapis.com"
    youtube_oauth_url: HttpUrl = "https://oauth2.googleapis.com/token"
    youtube_client_id: SecretStr | None = None
    youtube_client_secret: SecretStr | None = None
    """Who we are to Google. Without the two, access to YouTube is not renewed."""
    tiktok_client_key: SecretStr | None = None
    tiktok_client_secret: SecretStr | None = None
    """Who we are to TikTok. Without the two, access to TikTok is not renewed."""
    twitter_url: HttpUrl = "https://api.x.com"
    twitter_client_id: SecretStr | None = None
    twitter_client_secret: SecretStr | None = None
    """Who we are to X. Without the two, access to X is not renewed."""
    default_image_url: HttpUrl | None = None
    """What a network that needs a picture gets for a post without one."""
    default_video_url: HttpUrl | None = None
    network_rates: dict[str, PositiveFloat] = Field(
        default_factory=lambda: {
            "blog": 400.0,
            "instagram": 20.0,
            "tiktok": 5.0,
            "twitter": 5.0,
            "youtube_shorts": 2.0,
        }
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
        """Also refuses networks that are spoken to in the clear, such as the fakes of tests/networks."""
        named = {
            "BLOG_URL": self.blog_url,
            "INSTAGRAM_URL": self.instagram_url,
            "TIKTOK_URL": self.tiktok_url,
            "YOUTUBE_URL": self.youtube_url,
            "YOUTUBE_OAUTH_URL": self.youtube_oauth_url,
            "TWITTER_URL": self.twitter_url,
        }
        clear = [
            f"{name}: must be https" for name, url in named.items() if url and not url.startswith("https://")
        ]
        least = self.network_timeout_seconds + SLACK_SECONDS
        hasty = [f"LOOKUP_AFTER_SECONDS: at least {least:g}"] if self.lookup_after_seconds < least else []
        return super().unsafe_in_production() + clear + hasty

    @field_validator("network_rates")
    @classmethod
    def _of_networks_that_there_are(cls, rates: dict[str, float]) -> dict[str, float]:
        known = get_args(Platform)
        if unknown := sorted(rates.keys() - set(known)):
            raise ValueError(f"unknown network: {', '.join(unknown)} (known are {', '.join(known)})")
        return rates

    @model_validator(mode="after")
    def _knows_both_or_neither(self) -> Self:
        for one, other in (
            ("youtube_client_id", "youtube_client_secret"),
            ("tiktok_client_key", "tiktok_client_secret"),
            ("twitter_client_id", "twitter_client_secret"),
        ):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one.upper()} and {other.upper()}: set both or neither")
        return self
