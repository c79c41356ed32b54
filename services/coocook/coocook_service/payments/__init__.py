"""What customers pay for their bookings, and what they get back."""
