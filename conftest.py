"""Servers, databases and clients for every test of the repository."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = ["testing.plugin"]

# How long an example takes says how busy the machine is, not whether what a test says holds.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
