"""Campaigns: a product, a reward, and places for reviewers."""
