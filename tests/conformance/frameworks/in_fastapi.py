from conformance.framework import Framework, uvicorn

FRAMEWORK = Framework("fastapi", uvicorn("examples.fastapi_app:app"))
