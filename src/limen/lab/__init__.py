"""The lab: measures the strategies on this machine, plans by what was measured, and says what follows.

Records first (`records`), rules about numbers (`statistics`, `histogram`, `figures`, `diff`), then what has
to be run: servers (`subject`), load (`load`), and the measures that bring both together (`measures/`).
"""
