"""Who signs in while the lab measures. Nothing here is a secret: these accounts live as long as a run."""

ACCOUNTS = 64
PASSWORD = "correct horse battery staple"  # noqa: S105 - nobody's


def email(number: int) -> str:
    """The address of one of the accounts."""
    return f"lab-{number}@example.com"
