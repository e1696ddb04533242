"""Tocsin measured beside other tools on the same logs, in one run: ``python -m benchmarks.peers``.

The data is made from a seed, every contender is run as a whole program, pinned to one core, in
alternating order; what counts is the CPU time that the kernel charged to it. A contender that
cannot be had is listed with the reason. The page is written from a stored file, so that it can be
written again without measuring.
"""
