# Copyright: (c) 2026, cluster_aware.updating contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control socket: one JSON object per line in, one per line out.

Every request names its `command`; the answer holds `ok`, and `error` when that is false. scenario/README.md lists the commands.
"""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
import typing as t
from collections.abc import Callable
from pathlib import Path

from .cim import CimFault
from .model.engine import Model
from .model.events import moment_text, plain
from .model.full_state import emit_full_state, full_state
from .model.snapshots import SnapshotError
from .model.state import Cause
from .scenario import acts, loader
from .scenario.fault_names import check_fault
from .scenario.interception import Holds, ScenarioInterceptor
from .scenario.model_faults import play_fault
from .scenario.trail import Trail

Request = dict[str, t.Any]
Answer = dict[str, t.Any]

LINE_LIMIT = 1024 * 1024


class ControlError(Exception):
    """A request that cannot be done; the text goes back to who asked."""


class Control:
    """The commands, apart from the socket.

    Args:
        model: the model.
        interceptor: with the holds.
        skip_requests: gives later requests higher numbers in the request log than the one it is called with.
    """

    def __init__(self, model: Model, interceptor: ScenarioInterceptor, skip_requests: Callable[[int], None]) -> None:
        self.model = model
        self.interceptor = interceptor
        self._skip_requests = skip_requests
        self.holds: Holds = interceptor.holds
        self._snapshots: dict[str, bytes] = {}
        self._commands: dict[str, Callable[[Request], Answer]] = {
            "state": self._state,
            "snapshot": self._snapshot,
            "restore": self._restore,
            "trail": self._trail,
            "hold": self._hold,
            "wait": self._wait,
            "release": self._release,
            "fault": self._fault,
            "advance": self._advance,
            "act": self._act,
        }

    def handle(self, line: bytes) -> Answer:
        """Do what one line asks for and return the answer."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ControlError("a request is one JSON object per line")
            command = self._commands.get(str(request.get("command")))
            if command is None:
                raise ControlError(f"unknown command {request.get('command')!r}; commands: {', '.join(self._commands)}")
            return {"ok": True, "at": moment_text(self.model.clock.now())} | command(request)
        except (OSError, ValueError, KeyError, TypeError, ControlError, SnapshotError, acts.ActError, loader.ScenarioError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}" if isinstance(error, KeyError | TypeError) else str(error)}
        except CimFault as fault:
            return {"ok": False, "error": fault.message.strip(), "code": fault.code}

    def _state(self, request: Request) -> Answer:
        with self.model.acting(Cause("scenario")) as world:
            wanted = request.get("cluster")
            clusters = {name: plain(full_state(cluster)) for name, cluster in world.clusters.items() if wanted in {None, name}}
            jobs = [
                {"kind": job.kind, "node": job.node, "done": job.done, "left": len(job.todo)}
                for job in world.jobs.values()
                if not job.is_over
            ]
            return {"clusters": clusters, "jobs": jobs}

    def _snapshot(self, request: Request) -> Answer:
        name = str(request.get("snapshot", f"snapshot-{len(self._snapshots) + 1}"))
        self._snapshots[name] = self.model.snapshot()
        return {"snapshot": name}

    def _restore(self, request: Request) -> Answer:
        name = str(request.get("snapshot"))
        if "folder" in request:
            data = (Path(request["folder"]) / name).read_bytes()
        elif name in self._snapshots:
            data = self._snapshots[name]
        else:
            raise ControlError(f"there is no snapshot {name}; snapshots: {', '.join(self._snapshots) or 'none'}")
        self.holds.release(drops=True)
        self.model.restore(data)
        # The numbers of another twin's logs stand in the state that it has left.
        self.model.events.skip_to(int(request.get("event", 0)))
        self._skip_requests(int(request.get("request", 0)))
        with self.model.acting(Cause("scenario")):
            emit_full_state(self.model, "model_started")
        return {"snapshot": name, "at": moment_text(self.model.clock.now())}

    def _trail(self, request: Request) -> Answer:
        """Keep a snapshot around each request that changes state, in a folder; without one, end that and return what was kept."""
        trail, self.interceptor.trail = self.interceptor.trail, None
        if "folder" in request:
            self.interceptor.trail = Trail(self.model, Path(request["folder"]))
        return {"marks": trail.marks() if trail is not None else []}

    def _hold(self, request: Request) -> Answer:
        if request.get("when", "before") not in {"before", "begun", "after"}:
            raise ControlError("when is before, begun or after")
        return {"hold": self.holds.set({key: value for key, value in request.items() if key != "command"}).number}

    def _wait(self, request: Request) -> Answer:
        """Wait, real seconds, until a hold has stopped its request."""
        hold = self.holds.get(int(request["hold"]))
        if hold is None:
            raise ControlError(f"there is no hold {request['hold']}")
        reached = hold.reached.wait(float(request.get("timeout", 60)))
        exchange = hold.exchange
        where = {"node": exchange.node, "operation": exchange.operation, "seq": exchange.seq} if exchange else {}
        return {"reached": reached} | where

    def _release(self, request: Request) -> Answer:
        number = request.get("hold")
        return {"released": self.holds.release(None if number is None else int(number), drops=bool(request.get("drop")))}

    def _fault(self, request: Request) -> Answer:
        fault = {key: value for key, value in request.items() if key != "command"}
        loader.check({"clusters": [{"name": "any", "nodes": ["any"]}], "faults": [fault]}, "fault")
        with self.model.acting(Cause("scenario")) as world:
            check_fault(world, fault, "fault", "control")
            if "model" in fault and "trigger" not in fault:
                self.model.schedule(fault.get("at", 0.0), play_fault, fault=fault)
            else:
                world.faults.append(fault)
        self.model.advance(0)
        return {}

    def _advance(self, request: Request) -> Answer:
        self.model.advance(float(request["seconds"]))
        return {"at": moment_text(self.model.clock.now())}

    def _act(self, request: Request) -> Answer:
        acts.play(self.model, request)
        return {}


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = t.cast("ControlSocket", self.server)
        while line := self.rfile.readline(LINE_LIMIT):
            if not line.strip():
                continue
            answer = server.control.handle(line)
            with contextlib.suppress(OSError):
                self.wfile.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")


class ControlSocket(socketserver.ThreadingUnixStreamServer):
    """Listens on a local socket.

    Args:
        path: of the socket; only its owner may use it.
        control: the commands.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, path: Path, control: Control) -> None:
        path.unlink(missing_ok=True)
        super().__init__(str(path), _Handler)
        path.chmod(0o600)
        self.path = path
        self.control = control
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, name="twin-control", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and remove the socket."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join(timeout=5)
        self.server_close()
        self.path.unlink(missing_ok=True)
