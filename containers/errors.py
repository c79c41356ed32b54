"""What goes wrong with engines and images."""


class ContainerError(Exception):
    """The message says what to do."""
