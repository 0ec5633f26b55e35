"""The Yjs server of the hub beside npm's @y/websocket-server and @hocuspocus/server: the same
browsers (yjs_load), document and rates, one server after the other, on one machine."""
import contextlib
import json
import os
import resource
import signal
import socket
import subprocess

from hub_under_load import BIN, ROOT, Hub, temporary_folder, tool, wait_until

FOLDER = ROOT / "benchmarks/yjs-load"
NODE_SERVERS = {
    "y-websocket": ("node_modules/@y/websocket-server/src/server.js", ()),
    "hocuspocus": ("hocuspocus.mjs", ("--framing", "hocuspocus", "--document", "room"))}
OPERATIONS = 200  # in the document that browsers join
RATES = (100, 150, 200, 300, 400, 600, 800)  # of 500 browsers, until one falls behind
BEHIND_MS = 100  # p99 above it: it falls behind


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def raise_file_limit():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def node_server(name):
    program, framing = NODE_SERVERS[name]
    port = free_port()
    with subprocess.Popen(["node", program], cwd=FOLDER, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL,
                          env={**os.environ, "HOST": "127.0.0.1", "PORT": str(port)}) as server:
        try:
            wait_until(f"{name} to listen", lambda: answers(port), 20)
            yield Place(server.pid, port, framing, "/room")
        finally:
            server.send_signal(signal.SIGKILL)


class Place:
    """Where a crowd goes: a server and how to speak to it."""

    def __init__(self, pid, port, arguments, path):
        self.pid, self.port, self.arguments, self.path = pid, port, arguments, path

    def crowd(self, **wanted):
        options = []
        for key, value in wanted.items():
            name = "--" + key.replace("_", "-")
            options += [name] if value is True else [name, str(value)]
        return json.loads(tool("yjs_load", "--port", self.port, "--path", self.path,
                               "--server-pid", self.pid, *self.arguments, *options))


@contextlib.contextmanager
def hub_server(*arguments):
    with temporary_folder() as folder, Hub(folder / "base", *arguments) as hub:
        yield Place(hub.process.pid, hub.port, ("--token", hub.token), "/yws/room")


@contextlib.contextmanager
def driven_hub(*arguments):
    """The hub's own rooms over a store that this program drives as fast as it is told to."""
    with temporary_folder() as folder, subprocess.Popen(
            [BIN / "yjs_driven_hub", "--folder", folder, *map(str, arguments)],
            stdout=subprocess.PIPE, text=True) as server:
        try:
            said = json.loads(server.stdout.readline())
            arguments = ("--token", said["token"])
            yield Place(server.pid, said["port"], arguments, "/yws/desktop"), server
        finally:
            server.send_signal(signal.SIGTERM)


def servers():
    return {"hub": hub_server, "y-websocket": lambda: node_server("y-websocket"),
            "hocuspocus": lambda: node_server("hocuspocus")}


def most_frames(open_server, seed):
    """The most frames a second before the server falls behind."""
    best = 0
    for rate in RATES:
        with open_server() as place:
            found = place.crowd(browsers=500, rate=rate, seconds=3, seed=seed)["watch"]
        # A server that merges sends fewer frames than changes: frames are what it is good for.
        if found["age"]["p99_ms"] > BEHIND_MS:
            break
        best = max(best, found["frames_per_s"])
    return best


def one_round(name, open_server, seed, browsers_idle):
    """What one server does in each situation."""
    found = {}

    def situation(what, **wanted):
        with open_server() as place:
            found[what] = place.crowd(**wanted)

    situation("steady", browsers=500, rate=100, seconds=6, seed=seed)
    if name != "hub":  # its row is of the driven hub
        situation("flood", browsers=1000, rate=200, seconds=6, seed=seed)
    situation("storm", browsers=500, at_once=500, rate=1, seconds=1, seed=seed)
    situation("aware", browsers=1000, awareness=True, rate=1, seconds=31)
    situation("idle", browsers=browsers_idle, at_once=200, seconds=1)
    situation("stalled", browsers=40, stalled=20, rate=1000, seconds=20)
    found["most"] = most_frames(open_server, seed)
    return found


def measure(rounds, table, browsers_idle=10_000):
    raise_file_limit()
    subprocess.run([ROOT / "scripts/npm-install", FOLDER], check=True)
    with temporary_folder() as folder:
        seed = folder / "seed"
        subprocess.run(["node", FOLDER / "seed.mjs", seed, str(OPERATIONS)], check=True)
        found = {name: [] for name in servers()}
        for _ in range(rounds):
            for name, open_server in servers().items():
                found[name].append(one_round(name, open_server, seed, browsers_idle))
        windowed, commits = [], []
        for _ in range(rounds):
            with driven_hub("--ticks-per-second", 200, "--operations", 100) as (place, _):
                windowed.append(place.crowd(browsers=1000, seconds=6))
            with driven_hub("--commits-per-second", 100, "--operations", 100) as (place, _):
                commits.append(place.crowd(browsers=100, seconds=6))
    table.yjs(found, windowed, commits)
    with driven_hub("--ticks", 1_000_000, "--operations", 4) as (place, server):
        before = place.crowd(browsers=1, seconds=1)
        ticked = json.loads(server.stdout.readline())
        table.yjs_ticks(ticked, before, place.crowd(browsers=1, seconds=1))
    with hub_server() as place:
        place.path = "/yws/room-"
        table.yjs_rooms(place.crowd(rooms=10_000))
    with hub_server() as place:
        table.yjs_stalled(place.crowd(browsers=40, stalled=20, rate=1000, seconds=60))
