from conformance.framework import Framework, uvicorn

FRAMEWORK = Framework("django", uvicorn("examples.django_app.asgi:application"))
