"""Reports of incidents from outside, with their clocks, until they become cases."""
