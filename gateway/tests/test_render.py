"""What a deployment fills in, and what it cannot."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.document import write_atomically
from gateway.errors import GatewayError
from gateway.render import Deployment, render
from gateway.tests.conftest import config, findings, service


def rendered(committed: dict[str, Any], deployment: Deployment) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(render(committed, deployment))
    return data


def test_a_rendered_file_keeps_every_rule(committed: dict[str, Any], pem: str) -> None:
    deployment = Deployment(
        keys={"a": pem, "b": pem},
        targets={"coocook": ["10.0.0.1:8000", "10.0.0.2:8000"]},
        redis="redis://cache:6380/2",
        origins=["https://app.example.com"],
        limit_scale=2,
    )
    data = rendered(committed, deployment)
    assert findings(data) == []
    assert [secret["key"] for secret in data["consumers"][0]["jwt_secrets"]] == ["a", "b"]
    limit = config(service(data, "coocook"), "rate-limiting")
    assert limit["minute"] == 1200
    assert (limit["redis"]["host"], limit["redis"]["port"], limit["redis"]["database"]) == ("cache", 6380, 2)
    assert [target["target"] for target in data["upstreams"][1]["targets"]] == [
        "10.0.0.1:8000",
        "10.0.0.2:8000",
    ]


def test_the_same_input_gives_the_same_bytes(committed: dict[str, Any], pem: str) -> None:
    first = render(committed, Deployment(keys={"a": pem, "b": pem}))
    assert first == render(committed, Deployment(keys={"b": pem, "a": pem}))


def test_the_committed_data_is_left_alone(committed: dict[str, Any], pem: str) -> None:
    render(committed, Deployment(keys={"a": pem}))
    assert committed["consumers"][0]["jwt_secrets"] == []


def test_without_keys_nothing_is_rendered_unless_it_is_meant(committed: dict[str, Any], pem: str) -> None:
    with pytest.raises(GatewayError, match="--closed"):
        render(committed, Deployment())
    assert findings(rendered(committed, Deployment(closed=True))) == []
    with pytest.raises(GatewayError, match="exclude"):
        render(committed, Deployment(keys={"a": pem}, closed=True))


def test_a_single_origin_is_written_so_that_kong_compares_it(committed: dict[str, Any], pem: str) -> None:
    data = rendered(committed, Deployment(keys={"a": pem}, origins=["https://app.example.com"]))
    assert config(data, "cors")["origins"] == ["https://app.example.com"] * 2


@pytest.mark.parametrize(
    "origin", ["*", "null", "app.example.com", "https://app.example.com/", "ftp://a", "https://"]
)
def test_a_bad_origin_is_refused(committed: dict[str, Any], pem: str, origin: str) -> None:
    with pytest.raises(GatewayError, match="--origin"):
        render(committed, Deployment(keys={"a": pem}, origins=[origin]))


@pytest.mark.parametrize(
    "address", ["coocook", "coocook:", ":80", "coocook:0", "coocook:65536", "http://c:80", "c:x"]
)
def test_a_bad_address_is_refused(committed: dict[str, Any], pem: str, address: str) -> None:
    with pytest.raises(GatewayError, match="host:port"):
        render(committed, Deployment(keys={"a": pem}, targets={"coocook": [address]}))


def test_weights_are_rendered_and_keep_every_rule(committed: dict[str, Any], pem: str) -> None:
    targets = {"coocook": ["coocook:8000@95", "coocook-canary:8000@5", "coocook-old:8000@0", "other:8000"]}
    data = rendered(committed, Deployment(keys={"a": pem}, targets=targets))
    assert [target["weight"] for target in data["upstreams"][1]["targets"]] == [95, 5, 0, 100]
    assert findings(data) == []


@pytest.mark.parametrize("address", ["c:80@", "c:80@-1", "c:80@65536", "c:80@5%", "c:80@5@5", "c:80@٣"])
def test_a_bad_weight_is_refused(committed: dict[str, Any], pem: str, address: str) -> None:
    with pytest.raises(GatewayError, match="a weight from 0 to 65535"):
        render(committed, Deployment(keys={"a": pem}, targets={"coocook": [address]}))


def test_an_unknown_service_is_refused_with_those_that_exist(committed: dict[str, Any], pem: str) -> None:
    with pytest.raises(GatewayError, match="ai, coocook, platform, review, sns"):
        render(committed, Deployment(keys={"a": pem}, targets={"cocook": ["a:1"]}))
    with pytest.raises(GatewayError, match="at least one address"):
        render(committed, Deployment(keys={"a": pem}, targets={"coocook": []}))


@pytest.mark.parametrize(
    "url", ["cache:6379", "http://cache", "redis://", "redis://cache/x", "redis://:pw@cache"]
)
def test_a_bad_redis_url_is_refused(committed: dict[str, Any], pem: str, url: str) -> None:
    with pytest.raises(GatewayError, match="--redis"):
        render(committed, Deployment(keys={"a": pem}, redis=url))


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
def test_a_bad_scale_is_refused(committed: dict[str, Any], pem: str, scale: float) -> None:
    with pytest.raises(GatewayError, match="--limit-scale"):
        render(committed, Deployment(keys={"a": pem}, limit_scale=scale))


def test_private_weak_and_foreign_keys_are_refused(committed: dict[str, Any]) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key().public_bytes(*form)  # noqa: S505
    elliptic = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*form)
    for key in (secret, weak, elliptic, b"nothing"):
        with pytest.raises(GatewayError, match="'a'"):
            render(committed, Deployment(keys={"a": key.decode()}))


def test_a_file_is_replaced_in_one_step(tmp_path: Any) -> None:
    path = tmp_path / "below" / "kong.yml"
    write_atomically(path, "first")
    write_atomically(path, "second")
    assert path.read_text() == "second"
    assert [entry.name for entry in path.parent.iterdir()] == ["kong.yml"]
