"""Reviews of completed bookings, and the ratings made of them."""
