"""Limen: sessions, JWT and a hybrid of both behind one API, with a bounded revocation feed."""

__version__ = "0.1.0"
