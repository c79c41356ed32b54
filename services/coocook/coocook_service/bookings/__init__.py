"""Bookings: who has which chef when, and how far that is."""
