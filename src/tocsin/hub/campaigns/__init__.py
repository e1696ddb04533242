"""What is being exploited: campaigns from packs, and the catalogue of known exploited vulnerabilities."""
