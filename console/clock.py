"""Celery's clock: asks for the nightly verification by name, and so holds neither models nor vendors in memory."""

import logging.config
import os

from celery import Celery
from django.conf import settings

from console.broker import PromptAMQP

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

app = Celery("watchfloor-clock", amqp=PromptAMQP, fixups=[])
app.config_from_object("django.conf:settings", namespace="CELERY")
logging.config.dictConfig(settings.LOGGING)
