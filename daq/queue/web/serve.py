"""The process that serves the queue over HTTP.

    TERASU_QUEUE=…/setup.json python -m daq.queue.web.serve FD

FD is a socket that listens on loopback already: it outlives this process, so that no other gets the port when this one
is started again.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import bluesky_httpserver.app
import uvicorn
from bluesky_httpserver.authentication import get_current_principal
from bluesky_httpserver.config import construct_build_app_kwargs

from daq.queue.orphan import end_with_parent
from daq.queue.place import VARIABLE, Place, note_process
from daq.queue.web.keys import keys
from daq.queue.web.named import NamedAPI, principal


def configuration(setup: dict[str, Any], found: dict[str, Any], private: Path) -> dict[str, Any]:
    """Return the server's configuration: users by key, nothing for who did not log in."""
    users = {name: {"roles": ["user"]} for name in found["users"]}
    return {
        "authentication": {
            "providers": [
                {
                    "provider": "terasu",
                    "authenticator": "bluesky_httpserver.authenticators:DictionaryAuthenticator",
                    "args": {"users_to_passwords": found["users"]},
                }
            ],
            "secret_keys": [found["secret"]],
            "allow_anonymous_access": False,
        },
        "database": {"uri": f"sqlite:///{private / 'http-sessions.sqlite'}"},
        "api_access": {
            "policy": "bluesky_httpserver.authorization:DictionaryAPIAccessControl",
            "args": {"users": users, "roles": {"unauthenticated_public": None}},
        },
        "server_configuration": {"custom_routers": ["daq.queue.web.routes.router"]},
        "qserver_zmq_configuration": {"control_address": setup["control"], "info_address": setup["info"]},
    }


def main(arguments: list[str]) -> int:
    """Serve until told to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setup = json.loads(Path(os.environ[VARIABLE]).read_text())
    place = Place(setup["station"], Path(setup["data"]))
    end_with_parent()
    note_process("http")
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING)
    bluesky_httpserver.app.REManagerAPI = NamedAPI
    made = configuration(setup, keys(place, setup["owner"]), place.private)
    app = bluesky_httpserver.app.build_app(**construct_build_app_kwargs(made))
    app.dependency_overrides[get_current_principal] = principal
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2))
    server.run(sockets=[socket.socket(fileno=int(arguments[0]))])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
