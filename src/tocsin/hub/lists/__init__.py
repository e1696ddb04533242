"""What lists rest on: pages by keyset, tags, and what apps declare as kept or exported. Pages: `listing`."""
