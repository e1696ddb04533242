"""The national picture: counts by day, curves, queues, reports."""
