"""Workbooks of Excel, filled and read by a layout that is data: no code knows any one workbook.

``package`` reads the file and writes it back, ``sheet`` changes single cells of a sheet and leaves every
other byte as it was, ``layout`` is the form of ``workbook.yaml``, ``filling`` and ``reading`` go from answers
to cells and back.
"""
