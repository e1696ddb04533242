"""Slices for those who stand between the hub and the owner, and reports of what attackers run."""
