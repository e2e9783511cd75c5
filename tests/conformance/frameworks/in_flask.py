from conformance.framework import Framework

FRAMEWORK = Framework(
    "flask",
    (
        "-m", "gunicorn", "examples.flask_app:app", "--bind", "127.0.0.1:{port}", "--log-level", "warning",
        "--workers", "2", "--threads", "16", "--preload",
        "--limit-request-field_size", "32768",  # so that Limen has the say about cookies that are too large
    ),
)  # fmt: skip
