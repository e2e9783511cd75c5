from conformance.framework import Framework

FRAMEWORK = Framework(
    "werkzeug",
    ("-m", "flask", "--app", "examples.flask_app", "run", "--port", "{port}"),
)
