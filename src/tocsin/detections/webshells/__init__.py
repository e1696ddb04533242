"""Web shells: found by what they can do, told live from inert, with the place that shows it.

Read the modules in the order of the work: ``text`` (bytes to text), ``inventory`` (what is it, would
the server run it), ``blocks`` (where in it is code), ``code`` and ``languages`` (what does the code
say), ``folding`` (which strings does it build), ``flow`` (does the request reach an interpreter),
``signatures``, ``features`` and ``score`` (how sure), ``state`` (does it live), ``examine`` (all of
it, for one file). Nothing that is examined is ever run.
"""
