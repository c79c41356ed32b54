"""A payment provider for development and tests: an HTTP server that speaks the part of Stripe's API that we use.

No money moves. It listens on 127.0.0.1 only, keeps its state in one SQLite file, signs its webhooks as Stripe does and
serves a checkout page that a browser can click through. `python -m fakes.payments --help` says how to run it;
`/_sandbox/` holds hooks for tests (hooks.py).
"""
