"""How well web shells are found, how often a page is called one that is none, and how fast.

    python -m benchmarks.webshells score --corpus DIR [--manifest FILE]
    python -m benchmarks.webshells fit   --corpus DIR [--manifest FILE]
    python -m benchmarks.webshells speed --corpus DIR
    python -m benchmarks.webshells publish --corpus DIR [--manifest FILE] [--docs docs]

The corpus is a folder ``label/language/source/name`` (label ``shell`` or ``benign``); the manifest adds
which files are near-duplicates of one another. ``fit`` writes the weights; ``score`` judges with the
weights as they are, or, with ``--left-out``, every source with weights that were fitted without it and
without near-duplicates of its files. That is the figure to steer by.
"""
