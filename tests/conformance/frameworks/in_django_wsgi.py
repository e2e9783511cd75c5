from conformance.framework import Framework
from conformance.frameworks.in_django import MIGRATE

FRAMEWORK = Framework(
    "django-wsgi",
    (
        "-m", "gunicorn", "examples.django_app.wsgi", "--bind", "127.0.0.1:{port}", "--threads", "8",
        "--limit-request-field_size", "32768", "--log-level", "warning",
    ),
    cannot={"websocket": "WSGI has none; the same example under uvicorn has"},
    before=MIGRATE,
)  # fmt: skip
