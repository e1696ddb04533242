"""Every record of the evidence in one file, for the analyst who wants to look further.

``columns`` says what a row holds, ``rows`` makes it of a record, ``reading`` takes the evidence through
both, ``parquet`` and ``jsonl`` write, ``query`` answers questions in SQL. No judgement is made here.
"""
