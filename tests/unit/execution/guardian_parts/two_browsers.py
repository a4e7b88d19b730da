"""A worker with one slot that has two browsers."""

from dtf.domain.held import target_of
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo

BROWSERS = tuple(
    Device(kind="webgpu", name=name, uuid=f"{name}-id", details={"browser": name}) for name in ("chromium", "firefox")
)
SLOT = Slot(number=0, tags=("webgpu",), devices=tuple(one.uuid for one in BROWSERS))
WORKER = WorkerInfo(
    worker_id="w",
    name="celery@here",
    host="here",
    fingerprint="f",
    pid=1,
    queues=("webgpu",),
    slots=1,
    devices=BROWSERS,
    slot_table=(SLOT,),
)
CHROMIUM, FIREFOX = (target_of(WORKER, browser) for browser in BROWSERS)
