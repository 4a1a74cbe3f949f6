"""What the console does by the day: Celery's tasks, each one call out."""

from celery import shared_task

from console.api.launch_keys import prune_launch_keys


@shared_task(name="console.tasks.prune_keys", ignore_result=True)
def prune_keys() -> None:
    """Forget the keys of launches that nobody repeats any more."""
    prune_launch_keys()
