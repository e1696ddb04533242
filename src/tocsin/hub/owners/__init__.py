"""Owners without an account: their link, their answers, and what they hand in."""
