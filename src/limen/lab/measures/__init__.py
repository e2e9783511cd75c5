"""One file for each thing that is measured: an async function that adds to the run of a bench."""
