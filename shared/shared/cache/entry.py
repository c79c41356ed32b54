"""What the cache holds."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Entry:
    """Finished bytes and the quoted ETag that tells them apart."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> Entry:
        """An entry whose ETag follows from the bytes alone, so that all processes give the same."""
        return cls(body, f'"{blake2b(body, digest_size=12).hexdigest()}"')

    def encoded(self) -> bytes:
        """As Redis holds it."""
        return self.etag.encode() + b"\n" + self.body

    @classmethod
    def decoded(cls, content: bytes) -> Entry:
        """The reverse of `encoded`."""
        etag, _, body = content.partition(b"\n")
        return cls(body, etag.decode())
