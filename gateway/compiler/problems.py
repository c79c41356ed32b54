"""The gateway's own errors as problem+json, in the words that Kong's functions use."""

from gateway.compiler.limits import until_one_more
from gateway.compiler.typed import Message, header
from gateway.functions import Problem, problems, retry_after
from gateway.plugins import RateLimitingConfig

REFUSED_TOKEN = 403
"""What Envoy answers for a token without kid or of another audience; Kong says 401."""


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
