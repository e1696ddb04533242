"""A simulated nation: who owns which servers, how they are patched, and what each scan service sees of it.

Read `scenario` first (what can be set), then `people`, `servers` and `fates` (what is true), `seeing` (what a
source sees of it) and `rows` (how it writes that down). All addresses lie in 240.0.0.0/4, which nobody has;
all names end in ``.example``; the country is a code that ISO 3166 leaves to users.
"""
