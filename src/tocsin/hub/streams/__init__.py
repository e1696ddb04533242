"""Events for other programs: webhooks and a stream."""
