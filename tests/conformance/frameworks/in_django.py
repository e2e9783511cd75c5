from conformance.framework import Framework, uvicorn

# As `python manage.py migrate`, which needs no file in the folder.
MIGRATE = ("-m", "django", "migrate", "--verbosity", "0", "--settings", "examples.django_app.settings")

FRAMEWORK = Framework("django", uvicorn("examples.django_app.asgi:application"), before=MIGRATE)
