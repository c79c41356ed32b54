"""The five kinds of work."""

from __future__ import annotations

from typing import Any, Final, Literal

from ai_service.scenarios.kinds.data_entry import DATA_ENTRY
from ai_service.scenarios.kinds.kind import Kind
from ai_service.scenarios.kinds.scheduling import SCHEDULING
from ai_service.scenarios.kinds.writing import CUSTOMER_SERVICE, EMAIL, SOCIAL

ScenarioType = Literal["email", "social", "customer_service", "data_entry", "scheduling"]
KINDS: Final[dict[str, Kind[Any, Any]]] = {
    kind.name: kind for kind in (EMAIL, SOCIAL, CUSTOMER_SERVICE, DATA_ENTRY, SCHEDULING)
}
