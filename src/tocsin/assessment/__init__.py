"""Findings and coverage become one verdict per server and campaign."""
