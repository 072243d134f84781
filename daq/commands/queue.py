"""`terasu queue`: keep a queue of plans up, put plans into it, run them."""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daq import options, paths
from daq.errors import FAILED, SUCCESS, Refused
from daq.say import remark, say

if TYPE_CHECKING:
    from daq.queue.client import Client
    from daq.queue.place import Place
    from daq.queue.submission import Item

ACTIONS = (
    *("up", "down", "add", "load", "list", "start", "stop", "pause", "resume", "abort", "approve", "reject"),
    *("history", "actions", "watch", "env", "http-user"),
)
LAST = 20
HTTP_PORT = 60610
LOOK_S = 0.2
END_S = 60.0
PAUSE_S = 120.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("queue", help="run plans one after the other", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
    _add_up(actions)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--beamline", metavar="NAME", help="whose queue, where several run")
    options.add_data(common)
    submitting = argparse.ArgumentParser(add_help=False)
    submitting.add_argument("--operator", metavar="NAME", help="who asks (default: the user logged in)")
    submitting.add_argument("--again", action="store_true", help="queue it also if it was queued before")
    submitting.add_argument("--front", action="store_true", help="before all that wait")
    submitting.add_argument("--json", action="store_true", help="print one JSON object last")

    one = actions.add_parser("down", parents=[common], help="end a queue")
    one.add_argument("--now", action="store_true", help="also while a plan runs: it is aborted")
    one.set_defaults(run=_down)

    one = actions.add_parser("add", parents=[common, submitting], help="queue one plan")
    one.add_argument("plan", metavar="PLAN")
    one.add_argument("words", metavar="VALUE|key=value", nargs="*", help="the plan's arguments")
    one.add_argument("--id", help="an identifier: what has it is queued once (default: a new one)")
    one.set_defaults(run=_add)

    one = actions.add_parser("load", parents=[common, submitting], help="queue a batch: all of it or nothing")
    one.add_argument("file", metavar="FILE.toml", type=Path)
    one.set_defaults(run=_load)

    one = actions.add_parser("list", parents=[common], help="what runs and what waits")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(run=_list)

    one = actions.add_parser("start", parents=[common], help="run what waits")
    one.add_argument("--keep-going", action="store_true", help="a plan that fails does not stop the others")
    one.set_defaults(run=_start)

    for name, what, run in (
        ("approve", "let items run that wait for approval", _approve),
        ("reject", "take an item out of the queue instead of approving it", _reject),
    ):
        one = actions.add_parser(name, parents=[common], help=what)
        one.add_argument(
            "items", metavar="ITEM", nargs="+", help="as the list calls it, or the beginning of its number"
        )
        one.add_argument("--operator", metavar="NAME", help="who decides (default: the user logged in)")
        one.add_argument("--why", metavar="TEXT", default="", help="kept with who and when")
        one.set_defaults(run=run)

    one = actions.add_parser("actions", parents=[common], help="what was done to the queue, by whom and when")
    one.add_argument("--limit", metavar="N", type=int, default=LAST, help=f"the last N (default: {LAST})")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(run=_actions)

    for name, what, run in (
        ("stop", "finish the plan that runs, and stop", _stop),
        ("pause", "pause the plan that runs", _pause),
        ("abort", "abort the plan that runs; it is back in the queue, first", _abort),
        ("env", "print how other clients (qserver) reach the queue", _env),
    ):
        one = actions.add_parser(name, parents=[common], help=what)
        one.set_defaults(run=run)

    one = actions.add_parser(
        "resume", parents=[common, submitting], help="go on with the plan that is paused; or queue the rest of a run"
    )
    one.add_argument(
        "uid", metavar="UID", nargs="?", help='an interrupted run, by its uid, the beginning of it, or "last"'
    )
    one.set_defaults(run=_resume)

    one = actions.add_parser("history", parents=[common], help="what became of what ran")
    one.add_argument("--limit", metavar="N", type=int, default=LAST, help=f"of the last N (default: {LAST})")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(run=_history)

    one = actions.add_parser("http-user", help="give a user a key for HTTP, and print it")
    one.add_argument("beamline", metavar="BEAMLINE")
    one.add_argument("name", metavar="NAME")
    options.add_data(one)
    one.set_defaults(run=_http_user)

    one = actions.add_parser("watch", parents=[common], help="tell what happens, as it happens")
    one.add_argument("--until-stopped", action="store_true", help="end when the queue stops; 4 if a plan failed")
    one.set_defaults(run=_watch)


def _add_up(actions: Any) -> None:
    one = actions.add_parser("up", help="start a queue and keep it up, until Ctrl-C or `terasu queue down`")
    one.add_argument("beamline", metavar="BEAMLINE")
    one.add_argument("--sim", action="store_true", help="start the simulated servers too")
    options.add_proposal(one)
    one.add_argument("--operator", metavar="NAME", help="who is responsible, where a plan's sender is not known")
    one.add_argument(
        "--http",
        metavar="P",
        nargs="?",
        const=HTTP_PORT,
        type=options.port,
        help=f"serve it over HTTP, too, on port P of loopback (default: {HTTP_PORT}; 0: a free one)",
    )
    options.add_allow_simulated(one)
    options.add_config(one)
    options.add_data(one)
    options.add_sim(one, clock="live")
    one.set_defaults(run=_up)


def _up(arguments: argparse.Namespace) -> int:
    from beam.bench import load_station
    from daq.commands.run import check_simulation_options
    from daq.queue.place import Place
    from daq.queue.supervisor import Wanted, serve
    from daq.queue.web.keys import path_of

    arguments.clock = "experiment" if not arguments.sim and arguments.clock == "live" else arguments.clock
    check_simulation_options(arguments)
    load_station(arguments.beamline, arguments.config)
    place = Place(arguments.beamline, paths.data_dir(arguments.data))
    wanted = Wanted(
        config=arguments.config,
        proposal=arguments.proposal,
        operator=arguments.operator,
        allow_simulated=arguments.allow_simulated,
        simulate=options.sim_options(arguments) if arguments.sim else None,
        http=arguments.http,
    )

    def ready(url: str | None) -> None:
        seed = f", simulated, seed {wanted.simulate.seed}" if wanted.simulate else ""
        say(f"the queue of {place.station} is up{seed}; logs: {paths.log_dir(place.data)}/queue-{place.station}*")
        for line in _addresses(place):
            say(line)
        if url is not None:
            say(f"export QSERVER_HTTP_SERVER_URI={url}")
            say(f"users and their keys: {path_of(place)}; terasu queue http-user NAME adds one")
        say("ready")

    serve(place, wanted, remark, ready)
    return SUCCESS


def _addresses(place: Place) -> list[str]:
    return [
        f"export QSERVER_ZMQ_CONTROL_ADDRESS={place.control}",
        f"export QSERVER_ZMQ_INFO_ADDRESS={place.info}",
    ]


def _env(arguments: argparse.Namespace) -> int:
    for line in _addresses(_place(arguments)):
        say(line)
    return SUCCESS


def _down(arguments: argparse.Namespace) -> int:
    from daq.queue.client import Client
    from daq.queue.errors import NotAnswering

    place = _place(arguments)
    pid = place.owner()
    if not arguments.now:
        try:
            status = Client(place, timeout_s=2.0).ask("status")
        except NotAnswering:
            status = {}
        if status.get("running_item_uid"):
            raise Refused(f"a plan runs in the queue of {place.station}: wait, `terasu queue abort`, or down --now")
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
    pause = threading.Event()
    for _ in range(int(END_S / LOOK_S)):
        if place.owner() is None:
            say(f"the queue of {place.station} is down; what waits is kept")
            return SUCCESS
        pause.wait(LOOK_S)
    raise Refused(f"the queue of {place.station}, process {pid}, did not end within {END_S:g} s")


def _add(arguments: argparse.Namespace) -> int:
    from daq.queue import submission

    client = _client(arguments)
    item = submission.from_words(arguments.plan, arguments.words, client.plans())
    item.identifier = arguments.id or ""
    return _submit(arguments, client, [item])


def _load(arguments: argparse.Namespace) -> int:
    from daq.queue import submission

    client = _client(arguments)
    return _submit(arguments, client, submission.from_file(arguments.file, client.plans()))


def _submit(arguments: argparse.Namespace, client: Client, items: list[Item]) -> int:
    """Look through, queue, say what was queued."""
    from daq.queue import show, submission

    before = {} if arguments.again else submission.known(client)
    fresh = submission.unknown(items, before)
    if fresh:
        submission.look_ahead(client, fresh)
        if len(fresh) == 1:
            for line in fresh[0].lines:
                say(line)
        for one in fresh:
            if one.approval:
                say(
                    f"{one.identifier or one.plan} waits for approval ({', '.join(one.approval)}): terasu queue approve"
                )
    queued = submission.submit(client, fresh, again=arguments.again, front=arguments.front) if fresh else []
    seconds = sum(one.forecast["expected_s"] for one in queued)
    left = len(items) - len(queued)
    same = f"; {left} of {len(items)} were queued before" if left else ""
    if queued:
        names = queued[0].identifier if len(queued) == 1 else f"{queued[0].identifier} … {queued[-1].identifier}"
        say(f"queued {len(queued)}, {names}, {show.duration(seconds)} expected{same}")
    else:
        say(f"nothing new{same}")
    if arguments.json:
        answer = {"queued": [one.identifier for one in queued], "expected_s": round(seconds, 3), "known": left}
        say(json.dumps(answer))
    return SUCCESS


def _list(arguments: argparse.Namespace) -> int:
    from daq.queue import show
    from daq.queue.actions import Actions

    client = _client(arguments)
    status, queue = client.ask("status"), client.command("queue_get")
    if arguments.json:
        processes = client.place.processes()
        answer = {"status": status, "running": queue["running_item"], "items": queue["items"], "processes": processes}
        say(json.dumps(answer))
        return SUCCESS
    standing = Actions(client.place.kept).standing()
    for line in (*show.state(status, queue["running_item"], queue["items"]), *show.waiting(queue["items"], standing)):
        say(line)
    if not status["worker_environment_exists"] and (why := client.place.refused()):
        say(f"  the worker cannot begin: {why}")
    return SUCCESS


def _start(arguments: argparse.Namespace) -> int:
    client = _client(arguments)
    client.wait_for_worker()
    status = client.ask("status")
    if status["manager_state"] == "paused":
        raise Refused("a plan is paused: resume or abort it")
    client.command("queue_mode_set", mode={"ignore_failures": arguments.keep_going})
    if status["queue_stop_pending"]:
        client.command("queue_stop_cancel")
    elif status["manager_state"] in ("executing_queue", "starting_queue"):
        say("runs already")
        return SUCCESS
    elif not status["items_in_queue"]:
        say("nothing waits")
        return SUCCESS
    else:
        client.command("queue_start")
    say("running")
    return SUCCESS


def _stop(arguments: argparse.Namespace) -> int:
    client = _client(arguments)
    if client.ask("status")["manager_state"] == "idle":
        say("stopped already")
        return SUCCESS
    client.command("queue_stop")
    say("stops when the plan that runs has ended")
    return SUCCESS


def _pause(arguments: argparse.Namespace) -> int:
    client = _client(arguments)
    client.command("re_pause", option="immediate")
    client.wait_for("the plan pauses", lambda one: one["manager_state"] in ("paused", "idle"), PAUSE_S)
    say("paused: resume or abort")
    return SUCCESS


def _resume(arguments: argparse.Namespace) -> int:
    client = _client(arguments)
    if arguments.uid is None:
        if client.ask("status")["manager_state"] != "paused":
            raise Refused("no plan is paused; a run that was interrupted goes on with `terasu queue resume UID`")
        client.command("re_resume")
        say("running")
        return SUCCESS
    from daq.queue import submission
    from daq.resume import whole_uid

    item = submission.Item("resume", [whole_uid(paths.journal_dir(client.place.data), arguments.uid)])
    item.identifier = f"resume/{item.args[0][:8]}"
    if (waits := submission.left_by(client, item.args[0])) is None:
        return _submit(arguments, client, [item])
    submission.look_ahead(client, [item])
    for line in item.lines:
        say(line)
    submission.replace(client, waits, item)
    say(f"{submission.submission_of(waits).get('id', waits['item_uid'])} now goes on with run {item.args[0][:8]}")
    return SUCCESS


def _abort(arguments: argparse.Namespace) -> int:
    client = _client(arguments)
    status = client.ask("status")
    if not status["running_item_uid"]:
        raise Refused("no plan runs")
    if status["manager_state"] != "paused":
        client.command("re_pause", option="immediate")
        status = client.wait_for("the plan pauses", lambda one: one["manager_state"] in ("paused", "idle"), PAUSE_S)
    if status["manager_state"] == "paused":
        client.command("re_abort")
    client.wait_for("the plan ends", lambda one: not one["running_item_uid"], PAUSE_S)
    say("aborted; the plan is back in the queue, first, and the queue is stopped")
    return SUCCESS


def _approve(arguments: argparse.Namespace) -> int:
    return _decide(arguments, "approve", "approved")


def _reject(arguments: argparse.Namespace) -> int:
    return _decide(arguments, "reject", "rejected, and out of the queue")


def _decide(arguments: argparse.Namespace, method: str, done: str) -> int:
    client = _client(arguments)
    for one in arguments.items:
        client.command(method, item=one, why=arguments.why)
        say(f"{one}: {done}")
    return SUCCESS


def _http_user(arguments: argparse.Namespace) -> int:
    import getpass

    from beam.bench import load_station
    from daq.queue.place import Place
    from daq.queue.web.keys import add_user

    load_station(arguments.beamline)
    place = Place(arguments.beamline, paths.data_dir(arguments.data))
    say(add_user(place, arguments.name, getpass.getuser()))
    if place.owner() is not None:
        remark("the queue that runs takes it when it is started again")
    return SUCCESS


def _actions(arguments: argparse.Namespace) -> int:
    from daq.queue import show
    from daq.queue.actions import Actions

    found = Actions(_place(arguments).kept).all()
    found = found[-arguments.limit :] if arguments.limit > 0 else []
    if arguments.json:
        say(json.dumps({"actions": [one.record() for one in found]}))
        return SUCCESS
    for one in found:
        say(show.action(one))
    return SUCCESS


def _history(arguments: argparse.Namespace) -> int:
    from daq.queue import show

    items = _client(arguments).command("history_get")["items"]
    items = items[-arguments.limit :] if arguments.limit > 0 else []
    if arguments.json:
        say(json.dumps({"items": items}))
        return SUCCESS
    for one in items:
        say(show.done(one))
    return SUCCESS


def _watch(arguments: argparse.Namespace) -> int:
    """Tell what starts and what ends."""
    from daq.queue import show
    from daq.queue.errors import NotAnswering

    client = _client(arguments)
    pause = threading.Event()
    told = len(client.command("history_get")["items"])
    seen: str | None = None
    failed = False
    while True:
        try:
            status, queue = client.ask("status"), client.command("queue_get")
            history = client.command("history_get")["items"]
        except NotAnswering as error:
            remark(str(error))
            continue
        for one in history[told:]:
            failed |= one["result"]["exit_status"] not in ("completed", "stopped")
            say(show.done(one))
        told = len(history)
        running = queue["running_item"]
        if running and running["item_uid"] != seen:
            seen = running["item_uid"]
            say(list(show.state(status, running, queue["items"]))[1].strip())
        if arguments.until_stopped and status["manager_state"] == "idle":
            say(next(show.state(status, running, queue["items"])))
            return FAILED if failed else SUCCESS
        pause.wait(LOOK_S)


def _place(arguments: argparse.Namespace) -> Place:
    from daq.queue.place import find

    return find(arguments.beamline, arguments.data)


def _client(arguments: argparse.Namespace) -> Client:
    from daq.queue.client import Client

    return Client(_place(arguments), getattr(arguments, "operator", None))
