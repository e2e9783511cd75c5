"""One file for each framework, with a `FRAMEWORK` in it; whatever lies here is tested.

    FRAMEWORK = Framework(
        "flask",
        ("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "examples.flask_app:app"),
        cannot={"websocket": "WSGI has none"},
    )

`command` is what Python is called with; `{port}` is where to listen. The working directory is a new folder,
the repository is on the path, and `LIMEN_*` says the rest. It ends on SIGTERM. `cannot` names parts of the
contract (`PARTS` in framework.py) and why: their tests are skipped with that reason.
"""
