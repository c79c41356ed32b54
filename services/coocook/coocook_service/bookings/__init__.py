"""Bookings: who has which chef when, how far that is, and what was paid for it."""
