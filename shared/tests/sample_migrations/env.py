"""As a service's env.py; these migrations are those of the tests of `shared` itself."""

from __future__ import annotations

from shared.db import migrations
from shared.db.base import metadata

migrations.run(metadata())
