from conformance.framework import Framework, uvicorn

FRAMEWORK = Framework("litestar", uvicorn("examples.litestar_app:app"))
