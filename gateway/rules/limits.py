"""Rules about rate limits."""

from __future__ import annotations

from gateway.plugins import IDENTITY_HEADER, RateLimiting
from gateway.rules.registry import Broken, Gateway, rule


@rule("route-without-limit")
def route_without_limit(gateway: Gateway) -> Broken:
    """A route without a limit is the one that gets abused."""
    for way in gateway.ways():
        if way.plugin(RateLimiting) is None:
            yield way.where, "no rate-limiting on the route or its service"


@rule("limit-by-the-right-thing")
def limit_by_the_right_thing(gateway: Gateway) -> Broken:
    """Without a verified token its subject is made up: each made-up one would have been a new limit."""
    for way in gateway.ways():
        plugin = way.plugin(RateLimiting)
        if plugin is None:
            continue
        by = (plugin.config.limit_by, plugin.config.header_name)
        wanted = ("header", IDENTITY_HEADER) if way.closed else ("ip", None)
        if by != wanted:
            yield (
                way.where,
                f"limit_by must be {wanted[0]}" + (f" with header_name {wanted[1]}" if wanted[1] else ""),
            )


@rule("limit-policy")
def limit_policy(gateway: Gateway) -> Broken:
    """local counts on each node alone, cluster is refused without a database: only redis limits what is meant."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, RateLimiting) and plugin.config.policy != "redis":
            yield where, f"policy {plugin.config.policy}: set redis"


@rule("limit-survives-redis")
def limit_survives_redis(gateway: Gateway) -> Broken:
    """With fault_tolerant off, every request answers 500 while Redis is down; a slow Redis must not slow requests."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, RateLimiting):
            if not plugin.config.fault_tolerant:
                yield where, "set fault_tolerant: true"
            if plugin.config.redis.timeout > 500:
                yield where, f"redis.timeout {plugin.config.redis.timeout} ms: at most 500"


@rule("limit-sync-rate")
def limit_sync_rate(gateway: Gateway) -> Broken:
    """Kong 3.9 writes wrong expiries into Redis when sync_rate is above 0."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, RateLimiting) and plugin.config.sync_rate != -1:
            yield where, "set sync_rate: -1"


@rule("one-redis")
def one_redis(gateway: Gateway) -> Broken:
    """Kong's connection pool mixes databases of one host up: counters went into another plugin's database."""
    seen = [
        (where, plugin.config.redis)
        for where, plugin in gateway.plugins()
        if isinstance(plugin, RateLimiting)
    ]
    for where, redis in seen:
        if not redis.host:
            yield where, "redis.host is missing"
        elif (redis.host, redis.port, redis.database) != (
            seen[0][1].host,
            seen[0][1].port,
            seen[0][1].database,
        ):
            yield where, "every rate limit must use the same Redis host, port and database"
