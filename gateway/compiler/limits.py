"""rate-limiting as Envoy's local limiter: one filter, and one kind of bucket for each plugin of kong.yml.

A route carries its limit's name as metadata. The limiter makes a descriptor of it and of the token's subject or the
client's address, and keeps a bucket for each that it has seen. Kong counts in minutes of the clock; a bucket here
refills evenly over a minute, which lets the same number through.

The refusal, like every error of the gateway's own, is problem+json in the words that Kong's functions use.
"""

from __future__ import annotations

from math import ceil

from gateway.compiler.typed import JWT, LIMIT, MUTATION, Message, header, named, typed
from gateway.errors import NotSupported
from gateway.functions import Problem, problems, retry_after
from gateway.plugins import RateLimitingConfig

NAMESPACE = "gateway"
BUCKETS = 20_000
"""How many users and addresses are told apart at a time; the one that was seen longest ago is forgotten first."""
REFUSED_TOKEN = 403
"""What Envoy answers for a token without kid or of another audience; Kong says 401."""


def limit_metadata(name: str, config: RateLimitingConfig) -> Message:
    """What a route carries so that the limiter finds its bucket."""
    kind = {"header": "user", "ip": "address"}.get(config.limit_by)
    if kind is None:
        raise NotSupported(f"rate-limiting limit_by {config.limit_by} is not known to the local gateway")
    return {f"{kind}_limit": name}


def limiter(limits: dict[str, RateLimitingConfig]) -> list[Message]:
    """The filters: one that gives headers Kong's names on the way out, and the limiter itself."""
    subject = {"key": JWT, "path": [{"key": "token"}, {"key": "sub"}]}
    user: Message = {
        "descriptor_key": "user",
        "default_value": "nobody",
        "source": "DYNAMIC",
        "metadata_key": subject,
    }
    config = typed(
        "extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="limit",
        status={"code": "TooManyRequests"},
        filter_enabled={"runtime_key": "limit_enabled", "default_value": {"numerator": 100}},
        filter_enforced={"runtime_key": "limit_enforced", "default_value": {"numerator": 100}},
        token_bucket={"max_tokens": 4_000_000_000, "tokens_per_fill": 4_000_000_000, "fill_interval": "1s"},
        always_consume_default_token_bucket=False,
        max_dynamic_descriptors=BUCKETS,
        enable_x_ratelimit_headers="DRAFT_VERSION_03",
        rate_limits=[
            {"actions": [_route("user_limit"), {"metadata": user}]},
            {"actions": [_route("address_limit"), {"remote_address": {}}]},
        ],
        descriptors=[_bucket(name, config) for name, config in limits.items()],
    )
    return [_rename(), named(LIMIT, config)]


def _route(key: str) -> Message:
    place = {"key": NAMESPACE, "path": [{"key": key}]}
    return {"metadata": {"descriptor_key": "limit", "source": "ROUTE_ENTRY", "metadata_key": place}}


def _bucket(name: str, config: RateLimitingConfig) -> Message:
    who = "user" if config.limit_by == "header" else "remote_address"
    bucket = {"max_tokens": config.minute, "tokens_per_fill": config.minute, "fill_interval": "60s"}
    return {"entries": [{"key": "limit", "value": name}, {"key": who}], "token_bucket": bucket}


def until_one_more(config: RateLimitingConfig) -> int:
    """Seconds until an empty bucket has one request again."""
    return max(1, ceil(60 / config.minute))


def _rename() -> Message:
    """Kong's header names, from Envoy's; a header that would be empty is left out."""
    names = {
        "X-RateLimit-Limit-Minute": "x-ratelimit-limit",
        "X-RateLimit-Remaining-Minute": "x-ratelimit-remaining",
        "RateLimit-Limit": "x-ratelimit-limit",
        "RateLimit-Remaining": "x-ratelimit-remaining",
        "RateLimit-Reset": "x-ratelimit-reset",
    }
    added: list[Message] = [{"append": header(new, f"%RESP({old})%")} for new, old in names.items()]
    removed: list[Message] = [{"remove": old} for old in sorted(set(names.values()))]
    config = typed(
        "extensions.filters.http.header_mutation.v3.HeaderMutation",
        mutations={"response_mutations": added + removed},
    )
    return named(MUTATION, config)


def local_replies(limits: dict[str, RateLimitingConfig]) -> Message:
    """Envoy's local_reply_config."""
    known = problems()
    mappers = [_mapper(REFUSED_TOKEN, 401, known[401])]
    mappers += [
        _mapper(status, status, problem) for status, problem in known.items() if status != REFUSED_TOKEN
    ]
    longest = max((until_one_more(config) for config in limits.values()), default=1)
    after = {**retry_after(), 429: str(longest)}
    for mapper in mappers:
        if mapper["status_code"] in after:
            mapper["headers_to_add"] = [header("Retry-After", after[mapper["status_code"]])]
    return {
        "mappers": [*mappers, _mapper(500, 500, known[500], op="GE"), _mapper(400, 400, known[400], op="GE")]
    }


def _mapper(status: int, answer: int, problem: Problem, *, op: str = "EQ") -> Message:
    body = {
        "type": "about:blank",
        "title": problem.title,
        "status": "%RESPONSE_CODE%",
        "code": problem.code,
        "detail": problem.detail,
        "error": problem.detail,
        "message": problem.detail,
        "request_id": "%REQ(X-REQUEST-ID)%",
    }
    comparison = {"op": op, "value": {"default_value": status, "runtime_key": "problem_status"}}
    mapper: Message = {
        "filter": {"status_code_filter": {"comparison": comparison}},
        "body_format_override": {"content_type": "application/problem+json", "json_format": body},
    }
    if op == "EQ":
        mapper["status_code"] = answer
    return mapper
