"""`python -m limen.cli`."""

from limen.cli import main

if __name__ == "__main__":  # worker processes import this file and must not start another server
    main()
