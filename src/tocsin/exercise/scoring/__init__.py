"""Scoring: assess made servers, compare with their truth, and say how often the answer was right."""
