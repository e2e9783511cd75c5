from conformance.framework import Framework, uvicorn

FRAMEWORK = Framework("asgi", uvicorn("examples.asgi_app:app"))
