"""bluesky-queueserver-api over ZMQ, in a process of its own: it leaves contexts open. Prints what it was told."""

import json
import os
import sys

from bluesky_queueserver_api import BPlan
from bluesky_queueserver_api.zmq import REManagerAPI

WAIT_S = 60


def main():
    api = REManagerAPI(
        zmq_control_addr=os.environ["QSERVER_ZMQ_CONTROL_ADDRESS"],
        zmq_info_addr=os.environ["QSERVER_ZMQ_INFO_ADDRESS"],
    )
    said = {"added": api.item_add(BPlan("count", ["i0"], num=2))["success"], "started": api.queue_start()["success"]}
    api.wait_for_idle(timeout=WAIT_S)
    said["history"] = api.history_get()["items"][-1]["result"]["exit_status"]
    try:
        api.item_add(BPlan("counts"))
    except api.RequestFailedError as error:
        said["refused"] = str(error)
    api.close()
    print(json.dumps(said))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
