"""Django with Limen inside: `python -m examples.django_app migrate`, then uvicorn or `runserver`."""
