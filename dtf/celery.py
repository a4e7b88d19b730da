"""The door for ``celery -A dtf``: dtf's Celery application."""

from dtf import bootstrap

app = bootstrap.celery_app()
