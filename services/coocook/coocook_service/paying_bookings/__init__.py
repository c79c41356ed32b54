"""Paying for a booking: a use case of bookings and payments."""
