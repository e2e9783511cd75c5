"""Benchmarks. `make bench` runs them, prints a table and writes bench/results/<time>.json.

Every figure is a ratio inside one run: its two sides take turns in short rounds, so that a machine that is
busy or throttled slows both alike. The median of the rounds' ratios is quoted.
"""
