"""Campaign packs: load, check and compile the body of knowledge. Data, not code."""
