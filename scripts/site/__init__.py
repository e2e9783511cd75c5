"""The documentation site: what is made of the code, the drawings, and what mkdocs is told to do besides."""
