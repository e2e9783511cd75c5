"""One file for each thing that a person does. Pages, API and library all go through these."""
