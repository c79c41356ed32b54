"""The services that run: one entry each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """A service with its usual ports, and the PostgreSQL extensions that its database gets.

    `up` is done when the gateway answers at `probe`: with 200, or of a service without anything public, with 401.
    """

    name: str
    port: int
    worker_port: int
    probe: str
    extensions: tuple[str, ...] = ()
    closed: bool = False
    """Whether nothing of it is public."""

    @property
    def module(self) -> str:
        return f"{self.name}_service"


SERVICES = (
    Service("platform", 8101, 8111, "/api/platform/products", ("citext",)),
    Service("coocook", 8102, 8112, "/api/coocook/chefs", ("citext", "btree_gist", "pg_trgm")),
    Service("sns", 8103, 8113, "/api/sns/templates", closed=True),
    Service("review", 8104, 8114, "/api/review/campaigns"),
    Service("ai", 8105, 8115, "/api/ai-automation/plans"),
)
