"""Checkouts, what the payment provider reports, and the ledger."""
