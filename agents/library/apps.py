"""Django's view of the bundled agents: the tables of their demo data."""

from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "agents.library"
    label = "library"
    default_auto_field = "django.db.models.BigAutoField"
