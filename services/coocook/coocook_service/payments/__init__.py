"""What was paid for bookings, and what is paid back. How a booking is paid is in `paying_bookings`."""
