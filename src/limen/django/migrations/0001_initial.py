"""The tables of this app. None of another app is touched."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """`migrate limen zero` takes all of it away again."""

    initial = True
    dependencies: ClassVar = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations: ClassVar = [
        migrations.CreateModel(
            name="LiveSession",
            fields=[("id", models.CharField(max_length=36, primary_key=True, serialize=False))],
            options={
                "verbose_name": "session",
                "managed": False,
                "default_permissions": ("view", "delete"),
            },
        ),
        migrations.CreateModel(
            name="StoredSession",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("sid", models.CharField(db_index=True, default="", max_length=36)),
                ("account", models.CharField(default="", max_length=36)),
                ("data", models.TextField()),
                ("expires", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "stored session"},
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("account", models.CharField(max_length=36, unique=True)),
                ("user_hash", models.CharField(max_length=64)),
                ("account_hash", models.CharField(max_length=64)),
                ("reconciled", models.FloatField(default=0.0)),
            ],
            options={"verbose_name": "account"},
        ),
    ]
