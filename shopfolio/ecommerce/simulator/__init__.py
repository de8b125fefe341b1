"""A local stand-in for Stripe's API and its hosted pay page, as a process of its own.

The shop talks to it with Stripe's SDK, so the shop has no branch for tests. No money moves.
"""
