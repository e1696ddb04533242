"""What the hub decides, in plain Python: states, scopes, owners, curves. No Django, no database, no clock."""
