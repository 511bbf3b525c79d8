"""The Celery application. Its settings are read when they are first needed, not at import."""

from __future__ import annotations

import logging
from typing import Any

from celery import Celery
from celery.signals import (
    after_setup_logger,
    beat_init,
    before_task_publish,
    worker_process_shutdown,
    worker_shutdown,
)

from ..running_stack.broker import with_broker
from ..settings import load_settings
from . import config, context, message_headers
from .task import QueueTask

app = Celery("pyf.aggregator.queue", task_cls=QueueTask, set_as_current=False)
app.add_defaults(lambda: config.celery_options(with_broker(load_settings())))
before_task_publish.connect(message_headers.add_sent_header, weak=False)


@beat_init.connect(weak=False)
def _make_folder(**_: Any) -> None:
    load_settings().pyf_data_dir.mkdir(parents=True, exist_ok=True)


@after_setup_logger.connect(weak=False)
def _silence_request_logs(**_: Any) -> None:
    """One line for each request to the search server is of no use to anybody."""
    logging.getLogger("httpx").setLevel(logging.WARNING)


@worker_shutdown.connect(weak=False)
@worker_process_shutdown.connect(weak=False)
def _close_connections(**_: Any) -> None:
    context.close_context()
