"""One module for each kind of log or file that a simulated server leaves (see ``workshop.Writer``)."""
