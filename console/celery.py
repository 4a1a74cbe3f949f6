"""The Celery app: carries run ids from the web processes to the workers."""

import os

from celery import Celery

from console.broker import PromptAMQP

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
# The checks load every page's code, which a worker never needs; the test command runs them instead.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("watchfloor", amqp=PromptAMQP)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
