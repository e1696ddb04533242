"""Open what was collected from one server as one read-only tree of files."""
