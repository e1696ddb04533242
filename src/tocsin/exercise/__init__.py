"""Seeded, labelled, simulated servers: for exercises, training, tests and load.

Attacks leave log traces only. Payloads are inert markers shaped like the real rows; nothing that is
generated works as an exploit or as a web shell.
"""
