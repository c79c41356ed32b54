"""Chefs: their public profiles, and what anybody may read of them."""
