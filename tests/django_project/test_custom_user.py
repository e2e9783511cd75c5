"""A user model of the project's own, named by its address and with a key that is no number."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.django_site import SECRET

PROJECT = """
import sys, types, uuid
from pathlib import Path
folder = Path(sys.argv[1])
(folder / "people").mkdir()
(folder / "people/__init__.py").write_text("")
(folder / "people/models.py").write_text('''
import uuid
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

class Manager(BaseUserManager):
    pass

class Person(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    mail = models.EmailField(unique=True)
    objects = Manager()
    USERNAME_FIELD = EMAIL_FIELD = "mail"
''')
sys.path.insert(0, str(folder))
import django
from django.conf import settings
settings.configure(
    SECRET_KEY="x" * 50,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "project.db")}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "people", "limen.django"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "limen.django.middleware.LimenMiddleware",
    ],
    AUTH_USER_MODEL="people.Person",
    AUTHENTICATION_BACKENDS=["limen.django.backend.LimenBackend"],
    SESSION_ENGINE="limen.django.sessions",
    ROOT_URLCONF="people.urls",
    LIMEN={"database": f"sqlite:///{folder}/limen.db", "strategy": "session", "secret": sys.argv[2]},
)
(folder / "people/urls.py").write_text('''
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse(getattr(request.user, "mail", "")))]
''')
django.setup()
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command
from django.test import Client
call_command("migrate", run_syncdb=True, verbosity=0)
person = get_user_model()(mail="ada@example.com")
person.set_password("correct horse battery staple")
person.save()
call_command("limen", "adopt", verbosity=0)
found = authenticate(None, username="Ada@example.com", password="correct horse battery staple")
assert found == person, found
client = Client(headers={"host": "localhost"})
client.force_login(found)
assert client.get("/").content == b"ada@example.com"
person.set_password("another battery, another staple")
person.save()
assert client.get("/").content == b""
person.delete()
assert authenticate(None, username="ada@example.com", password="another battery, another staple") is None
"""


def test_a_user_model_of_the_projects_own(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", PROJECT, str(tmp_path), SECRET]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
