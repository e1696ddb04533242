"""Tocsin: evidence from a server in, a verdict out."""

__version__ = "0.1.0"
