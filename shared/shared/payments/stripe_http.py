"""How Stripe's SDK reaches the network: on httpx, with our timeouts."""

import asyncio
from collections.abc import Awaitable, Mapping

import httpx
import stripe

from shared.admission import release_permit
from shared.tls import trust_for


class StripeTransport(stripe.HTTPClient):
    """An async-only client of the SDK. Its own httpx client sends forms in a way that httpx has deprecated."""

    name = "httpx"

    def __init__(self, url: str, *, timeout: httpx.Timeout, connections: int = 20) -> None:
        super().__init__()
        limits = httpx.Limits(max_connections=connections)
        self._client = httpx.AsyncClient(timeout=timeout, limits=limits, verify=trust_for(url))

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One try. Raises stripe.APIConnectionError, which the SDK retries."""
        release_permit()
        try:
            answer = await self._client.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as error:
            reason = f"Network error: {type(error).__name__}"
            raise stripe.APIConnectionError(reason, should_retry=True) from error  # type: ignore[no-untyped-call]
        return answer.content, answer.status_code, answer.headers

    def sleep_async(self, secs: float) -> Awaitable[None]:
        """The SDK's pause between two tries."""
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        await self._client.aclose()
