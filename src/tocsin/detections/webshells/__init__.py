"""Web shells: find them by what they can do, say whether they live, never cry wolf."""
