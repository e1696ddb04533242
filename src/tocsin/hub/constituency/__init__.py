"""Whose servers they are: organisations, how to reach them, what they claim."""
