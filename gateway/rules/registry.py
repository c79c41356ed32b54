"""What a rule is, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from gateway.document import Where
from gateway.model import KongFile, Route, Service
from gateway.plugins import Jwt, P, Plugin, plugin_of


class Finding(NamedTuple):
    """A broken rule: its name, the place, and what to do about it."""

    rule: str
    where: Where
    message: str


class Way(NamedTuple):
    """A route with its service and the place where it stands."""

    where: Where
    service: Service
    route: Route

    def plugin(self, kind: type[P]) -> P | None:
        """The plugin of this kind that runs on the route, from the route itself or from its service."""
        return plugin_of(self.route.plugins, kind) or plugin_of(self.service.plugins, kind)

    @property
    def closed(self) -> bool:
        """Whether a token is needed."""
        return self.plugin(Jwt) is not None


@dataclass(frozen=True)
class Gateway:
    """What rules look at: the parsed file and the committed list of public endpoints ("GET /path/{id}")."""

    file: KongFile
    public: frozenset[str]

    def ways(self) -> Iterator[Way]:
        """Every route of every service."""
        for s, service in enumerate(self.file.services):
            for r, route in enumerate(service.routes):
                yield Way(("services", s, "routes", r), service, route)

    def plugins(self) -> Iterator[tuple[Where, Plugin]]:
        """Every plugin at every level, with its place."""
        yield from _placed((), self.file.plugins)
        for s, service in enumerate(self.file.services):
            yield from _placed(("services", s), service.plugins)
        for way in self.ways():
            yield from _placed(way.where, way.route.plugins)


def _placed(where: Where, plugins: list[Plugin]) -> Iterator[tuple[Where, Plugin]]:
    for index, plugin in enumerate(plugins):
        yield (*where, "plugins", index), plugin


Broken = Iterator[tuple[Where, str]]
RULES: dict[str, Callable[[Gateway], Broken]] = {}


def rule(name: str) -> Callable[[Callable[[Gateway], Broken]], Callable[[Gateway], Broken]]:
    """Registers a rule; its docstring tells the incident that it prevents."""

    def register(check: Callable[[Gateway], Broken]) -> Callable[[Gateway], Broken]:
        RULES[name] = check
        return check

    return register
