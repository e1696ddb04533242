"""What is known of each server in each campaign: two axes, and the chain of what changed them."""
