"""Django: `INSTALLED_APPS += ["limen.django"]`, and people sign in by Limen as they did by Django.

    AUTHENTICATION_BACKENDS = ["limen.django.backend.LimenBackend"]
    SESSION_ENGINE = "limen.django.sessions"
    LIMEN = {"database": f"sqlite:///{BASE_DIR}/limen.db", "strategy": "session", "issuer": "https://app.example"}

docs/django.md has the rest, the way out included.
"""
