"""From an assessment to what people and programs read. No judgement is made here.

One output is one module: ``terminal``, ``json_document``, ``html``, ``findings_csv``; ``redaction``
turns an assessment into one that can be shared; ``writing`` puts the files into a folder. ``words``,
``view``, ``timeline``, ``prose`` and ``untrusted`` are what the outputs share.
"""
