"""How censuses are written: one YAML file for each layout, and the reading that they steer.

A new layout is one file here, or one that ``tocsin hub import --mapping FILE`` names; no code. `layout`
says what such a file may hold, `choosing` tells which one a census has, `lines` and `rows` read it.
"""
