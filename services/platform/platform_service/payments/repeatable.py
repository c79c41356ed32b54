"""A checkout that may be asked for twice with the same Idempotency-Key and is made once."""
