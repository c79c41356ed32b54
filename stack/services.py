"""The services that run: one entry each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """A service with its usual ports, and the PostgreSQL extensions that its database gets."""

    name: str
    port: int
    worker_port: int
    extensions: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return f"{self.name}_service"


SERVICES = (
    Service("platform", 8101, 8111, ("citext",)),
    Service("coocook", 8102, 8112, ("citext", "btree_gist", "pg_trgm")),
)
