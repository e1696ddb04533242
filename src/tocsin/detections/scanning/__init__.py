"""Which lines of a log a pack could have anything to say about, told without parsing them."""
