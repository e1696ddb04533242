"""One module for each format; ``registry`` finds them. Modules here never import one another."""
