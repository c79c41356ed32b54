"""The two kinds of things that the stack is made of: programs that stay, and tasks that end."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Program:
    """A process that the supervisor keeps running."""

    name: str
    command: Sequence[str]
    healthy: Callable[[], bool]
    """Asks the running process; may block for a second, raises nothing."""
    port: int
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    prepare: Callable[[], None] = lambda: None
    """Run before the process is started, not before the supervisor starts it again."""
    stop_signal: str = "TERM"
    stop_group: bool = True
    """Whether the signal goes to the process's children too."""
    tier: int = 50
    """Lower tiers stop later: the servers after those who use them."""


@dataclass(frozen=True)
class Task:
    """Something that `up` does each time, after others, and that ends."""

    name: str
    part: str
    """The program that it is done for: left out together with it."""
    run: Callable[[], Awaitable[str]]
    """Returns what to say about it. Raises PartFailed."""
    after: tuple[str, ...] = ()


Step = Program | Task
