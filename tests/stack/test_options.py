from __future__ import annotations

import pytest

from stack.errors import WrongArgument
from stack.options import Options, part_names, read_options, role, wanted_ports
from stack.services import SERVICES
from stack.status import selected_parts


def test_without_a_word_the_usual_stack_is_meant() -> None:
    assert read_options({}) == Options()


def test_a_variable_that_make_exports_empty_counts_as_not_said() -> None:
    assert read_options({"GATEWAY": "", "GATEWAY_PORT": "", "REPLICAS": "", "LIMIT_SCALE": ""}) == Options()


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("GATEWAY", "kong", "envoy, none"),
        ("GATEWAY_PORT", "abc", "1 to 65535"),
        ("GATEWAY_PORT", "0", "1 to 65535"),
        ("GATEWAY_PORT", "65536", "1 to 65535"),
        ("GATEWAY_PORT", "٨", "1 to 65535"),
        ("REPLICAS", "2", "0, 1"),
        ("LOG_LEVEL", "loud", "info, debug"),
        ("OTLP_ENDPOINT", "127.0.0.1:4318", "address"),
        ("OTLP_ENDPOINT", "http://127.0.0.1:4318/v1/traces", "address"),
        ("TRACE_RATIO", "1.1", "from 0 to 1"),
        ("TRACE_RATIO", "all", "from 0 to 1"),
        ("LIMIT_SCALE", "0", "above 0"),
        ("LIMIT_SCALE", "nan", "above 0"),
        ("LIMIT_SCALE", "many", "above 0"),
        ("SCALE", "sns", "1 to 16, for platform, coocook"),
        ("SCALE", "sns=0", "1 to 16"),
        ("SCALE", "sns=17", "1 to 16"),
        ("SCALE", "snx=2", "1 to 16"),
    ],
)
def test_a_wrong_value_is_answered_with_what_is_allowed(name: str, value: str, allowed: str) -> None:
    with pytest.raises(WrongArgument, match=f"{name}={value}: .*{allowed}"):
        read_options({name: value})


def test_a_service_means_its_processes_and_a_part_means_itself() -> None:
    assert selected_parts({"SERVICE": "coocook"}) == ["coocook-api", "coocook-worker"]
    assert selected_parts({"SERVICE": "coocook-api"}) == ["coocook-api"]
    assert selected_parts({"SERVICE": "postgres"}) == ["postgres"]


def test_an_unknown_service_is_answered_with_those_there_are() -> None:
    names = ", ".join(service.name for service in SERVICES)
    with pytest.raises(WrongArgument, match=f"SERVICE=foo: allowed are {names}, postgres"):
        selected_parts({"SERVICE": "foo"})


def test_a_service_may_have_several_workers_each_with_a_port_of_its_own() -> None:
    options = read_options({"SCALE": "sns=3, coocook=1"})
    workers = ["sns-worker", "sns-worker-2", "sns-worker-3"]
    names = part_names(options)
    first = names.index("sns-worker")
    assert names[first : first + 3] == workers
    assert names.count("coocook-worker") == 1
    ports = wanted_ports(options)
    assert len(set(ports.values())) == len(ports)
    assert {role(name) for name in workers} == {"sns-worker"}
    only = read_options({"SCALE": "sns=2"}, only=frozenset(["sns-worker"]))
    assert part_names(only) == ["sns-worker", "sns-worker-2"]
