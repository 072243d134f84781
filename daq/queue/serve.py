"""The process that starts the queue's manager and worker, and the manager again when it died.

    TERASU_QUEUE=…/setup.json python -m daq.queue.serve

It is bluesky-queueserver's own watchdog. SIGTERM ends all three: the manager at once, so that nothing more is
started, the worker when it has closed its run and the shutter.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from bluesky_queueserver.manager.logging_setup import setup_loggers
from bluesky_queueserver.manager.output_streaming import PublishZMQStreamOutput, setup_console_output_redirection
from bluesky_queueserver.manager.start_manager import WatchdogProcess

from daq.queue.manager import Manager
from daq.queue.orphan import end_with_parent
from daq.queue.place import VARIABLE, note_process
from daq.queue.worker import STARTUP, Worker

END_S = 30.0
"""What a worker has to bring its run to an end."""
ASK_AGAIN_S = 0.5


class Watchdog(WatchdogProcess):
    """Starts our manager and worker."""

    def end(self) -> None:
        """End both."""
        manager, worker = self._re_manager, self._re_worker
        if manager is not None and manager.is_alive():
            manager.kill()
            manager.join()
        if worker is None:
            return
        deadline = time.monotonic() + END_S
        pause = threading.Event()
        # the first aborts the plan that runs, a later one finds the worker idle and ends it
        while worker.is_alive() and time.monotonic() < deadline:
            worker.terminate()
            worker.join(ASK_AGAIN_S)
            pause.wait(0.01)
        if worker.is_alive():
            worker.kill()
            worker.join()


def main() -> int:
    """Serve until told to end."""
    setup = json.loads(Path(os.environ[VARIABLE]).read_text())
    multiprocessing.set_start_method("fork")
    messages: Any = multiprocessing.Queue()
    setup_console_output_redirection(messages)
    logging.basicConfig(level=logging.WARNING)
    setup_loggers(log_level=logging.INFO)
    publisher = PublishZMQStreamOutput(
        msg_queue=messages,
        console_output_on=True,
        zmq_publish_on=True,
        zmq_publish_addr=setup["info"],
        encoding="json",
    )
    publisher.start()
    watchdog = Watchdog(
        config_worker=_worker_settings(setup),
        config_manager=_manager_settings(setup),
        cls_run_engine_worker=Worker,
        cls_run_engine_manager=Manager,
        msg_queue=messages,
        log_level=logging.INFO,
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    end_with_parent()
    note_process("watchdog")
    try:
        watchdog.run()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        watchdog.end()
        sys.stdout.flush()
        os._exit(0)  # the threads of watchdog and publisher have no other end
    return 0


def _worker_settings(setup: dict[str, Any]) -> dict[str, Any]:
    unused = dict.fromkeys(("startup_profile", "startup_dir", "startup_script_path", "ipython_dir"))
    return {
        **unused,
        "device_max_depth": 2,
        "use_ipython_kernel": False,
        "startup_module_name": STARTUP,
        "ignore_invalid_plans": False,
        "permitted_re_metadata_keys": ["/"],
        "existing_plans_and_devices_path": setup["plans"],
        "update_existing_plans_devices": "ENVIRONMENT_OPEN",
    }


def _manager_settings(setup: dict[str, Any]) -> dict[str, Any]:
    return {
        "existing_plans_and_devices_path": setup["plans"],
        "user_group_permissions_path": setup["permissions"],
        "user_group_permissions_reload": "ON_STARTUP",
        "zmq_addr": setup["control"],
        "zmq_private_key": None,
        "zmq_encoding": "json",
        "redis_addr": setup["redis"],
        "redis_name_prefix": f"terasu_{setup['station']}",
        "use_ipython_kernel": False,
        "lock_key_emergency": None,
    }


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
