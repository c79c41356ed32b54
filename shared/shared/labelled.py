"""The children of a metric by the values of its labels: found once each, and never more than a given number of them."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from prometheus_client.metrics import MetricWrapperBase

M = TypeVar("M", bound=MetricWrapperBase)
OTHER: Final = "other"
AT_MOST: Final = 500


class Labelled(Generic[M]):
    """`labelled(value, ...)` is the child of `metric` with these labels; finding it there costs more than adding to it.

    Of more than `at_most` combinations the rest share the child whose labels are all "other": whatever the values come
    from, the number of series has a bound.
    """

    __slots__ = ("_at_most", "_children", "metric")

    def __init__(self, metric: M, *, at_most: int = AT_MOST) -> None:
        self.metric = metric
        self._at_most = at_most
        self._children: dict[tuple[str, ...], M] = {}

    def __call__(self, *values: str) -> M:
        child = self._children.get(values)
        return self._made(values) if child is None else child

    def _made(self, values: tuple[str, ...]) -> M:
        if len(self._children) >= self._at_most:
            return self.metric.labels(*[OTHER] * len(values))
        child = self._children[values] = self.metric.labels(*values)
        return child
