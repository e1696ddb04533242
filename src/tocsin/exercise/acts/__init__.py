"""What people do to the simulated server: one module a script, found by its ``SCRIPT``.

``perform(act, scene)`` yields what the act leaves behind, times rising, each trace with its truth. Only
log traces are made: a page is an inert list of settings, a command is a line of text in a log.
"""
