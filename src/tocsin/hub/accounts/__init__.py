"""Who may do what: people, roles, tokens, and who looked at what."""
