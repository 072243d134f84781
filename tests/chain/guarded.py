"""An engine as a session has it, on the tree that a test's servers stand behind."""

from bluesky import RunEngine

from daq.errors import innermost


class Station:
    """A guarded engine, and what came of its last run."""

    def __init__(self, tree, beamline) -> None:
        from daq.device_clock import DeviceClock
        from daq.integrity import Integrity
        from daq.session import guard_of

        self.tree = tree
        self.said = []
        self.guard = guard_of(tree, beamline)
        self.guard.say = self.said.append
        integrity = Integrity(self.guard)
        self.clock = DeviceClock(beamline.prefix)
        self.clock.connect(10.0)
        self.engine = RunEngine({}, context_managers=[])
        self.engine.register_command("sleep", self.clock.sleep)
        self.engine.preprocessors += [self.guard, integrity]
        self.engine.subscribe(integrity.document)

    def __call__(self, plan, at=None, act=None):
        """Run a plan; call `act` at the first message for which `at` holds. Return events by stream, and the stop."""
        names, events, stops = {}, {}, []
        pending = [act] if act else []
        self.said.clear()

        def note(name, doc):
            if name == "descriptor":
                names[doc["uid"]] = doc["name"]
            elif name == "event":
                events.setdefault(names[doc["descriptor"]], []).append(doc["data"])
            elif name == "stop":
                stops.append(doc)

        def watch(message):
            if pending and at(message):
                pending.pop()()

        self.engine.msg_hook = watch
        try:
            self.engine(plan, note)
        except Exception as error:
            raise innermost(error) from error
        finally:
            self.engine.msg_hook = None
            self.events, self.stop = events, (stops or [None])[-1]
        return events, self.stop
