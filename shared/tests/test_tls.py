from __future__ import annotations

import ssl

from shared.tls import context_for


def test_https_is_trusted_as_browsers_do_and_the_certificates_are_read_once() -> None:
    trust = context_for("https://api.stripe.com")
    assert trust.cert_store_stats()["x509_ca"] > 0
    assert context_for("https://elsewhere.example") is trust


def test_who_calls_plain_http_reads_no_certificates_and_trusts_nobody() -> None:
    trust = context_for("http://127.0.0.1:8101")
    assert trust.cert_store_stats()["x509_ca"] == 0
    assert (trust.verify_mode, trust.check_hostname) == (ssl.CERT_REQUIRED, True)
