"""What ai's processes are told by their environment."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from ai_service.employees.rules import PlanName
from ai_service.providers.provider import Dialect
from shared.settings import HttpUrl, ServiceSettings

Price = Annotated[Decimal, Field(ge=0, le=10_000)]


class AiSettings(ServiceSettings):
    """The common settings, and which language model does the work."""

    llm_provider: Literal["local", "anthropic", "openai"] = "local"
    """`local` needs no network and no key, and is named in answers; `openai` is anything that speaks its protocol."""
    llm_api_url: HttpUrl | None = None
    """Without a path's version for Anthropic, with it (`.../v1`) for OpenAI; by default the makers' own addresses."""
    llm_api_key: SecretStr | None = None
    llm_model: str | None = Field(default=None, max_length=100)
    llm_dialect: Dialect | None = None
    """Of the provider `openai`: its own parameters, or the older ones that others know; by default by the address."""
    llm_thinking_tokens: int = Field(default=0, ge=0, le=100_000)
    """Of the provider `openai`: what a reasoning model may think before it writes, which its limit counts as output."""
    llm_input_price: Price = Decimal(0)
    """USD per million tokens that the model reads."""
    llm_output_price: Price = Decimal(0)
    """USD per million tokens that it writes."""
    llm_silence_seconds: float = Field(default=60.0, gt=0)
    """How long the model may send nothing."""
    llm_total_seconds: float = Field(default=240.0, gt=0, le=280)
    """How long one call may take; below the job's own 300."""
    runs_at_a_time: int = Field(default=100, ge=2, le=1000)
    """Runs that one worker has under way: they wait for the model, not for the processor."""
    local_pause_seconds: float = Field(default=0.05, ge=0)
    """The local provider's pause between two pieces, so that there is something to watch."""
    seat_grace_days: float = Field(default=7.0, ge=0, le=365)
    """How long a student without a subscription keeps the bootcamp's seat."""
    training_seconds: float = Field(default=5.0, ge=0)
    default_plan: PlanName = "starter"
    """The plan of users without one of their own."""

    def unsafe_in_production(self) -> list[str]:
        """Also refuses the local provider, and keys that would travel in the clear."""
        unsafe = super().unsafe_in_production()
        if self.llm_provider == "local":
            unsafe.append("LLM_PROVIDER: must not be local, which only simulates a model")
        if self.llm_api_url is not None and not self.llm_api_url.startswith("https://"):
            unsafe.append("LLM_API_URL: must be https")
        return unsafe

    @model_validator(mode="after")
    def _knows_its_model(self) -> Self:
        if self.llm_provider != "local":
            missing = [name for name in ("llm_api_key", "llm_model") if getattr(self, name) is None]
            if missing:
                names = " and ".join(name.upper() for name in missing)
                raise ValueError(f"{names}: required if LLM_PROVIDER is {self.llm_provider}")
        return self
