"""Registers the console with Django."""

from celery import Celery
from django.apps import AppConfig

from console.celery import app as celery_app


class ConsoleConfig(AppConfig):
    """The operators' side: people, access, screens and the live feed."""

    name = "console"
    default_auto_field = "django.db.models.BigAutoField"
    # Named here so that every Django process, also one that only enqueues, knows where the broker is.
    celery_app: Celery = celery_app
