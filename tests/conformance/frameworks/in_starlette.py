from conformance.framework import Framework, uvicorn

FRAMEWORK = Framework("starlette", uvicorn("examples.starlette_app:app"))
