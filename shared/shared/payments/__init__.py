"""Payments: what a provider must do, Stripe as the provider, and a sandbox that speaks Stripe's language."""
