"""What leaves the hub: messages, how they are signed and sent, and what became of them."""
