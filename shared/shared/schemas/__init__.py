"""Types and envelopes of what goes over the wire."""
