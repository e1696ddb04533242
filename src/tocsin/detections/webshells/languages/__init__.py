"""Parsers of the languages that a web server runs, all giving the one form of ``code.py``."""
