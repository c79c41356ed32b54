"""Who is calling: tokens, keys, revoked sessions, service-to-service calls, and what a user has subscribed to."""
