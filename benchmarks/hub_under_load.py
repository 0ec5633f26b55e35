"""What the parts of benchmarks/run share: programs, a hub of tests/hub/harness.py, a registry."""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build/release/bin"
os.environ.setdefault("HUB_BINARY", str(BIN / "adaos-hub"))
sys.path.insert(0, str(ROOT / "tests/hub"))

# pylint: disable=unused-import,wrong-import-position
from harness import Hub, database, temporary_folder, wait_until  # noqa: E402
from made_registry import make_registry  # noqa: E402

ROOM_FOR_ALL = ("--operations-max", "2000000", "--operations-per-initiator-max", "2000000")


def tool(name, *arguments, environment=None):
    """Runs one of our programs; what it prints."""
    done = subprocess.run([BIN / name, *map(str, arguments)], text=True, capture_output=True,
                          env={**os.environ, **(environment or {})}, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def accept_load(hub, folder, *arguments, environment=None):
    return json.loads(tool("accept_load", "--port", hub.port, "--token", hub.token,
                           "--folder", folder, *arguments, environment=environment))


class Connection:
    """To a hub, and it stays open."""

    def __init__(self, hub):
        self.connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=120)
        self.headers = {"Authorization": f"Bearer {hub.token}"}

    def ask(self, method, path, body=None):
        """How many milliseconds the answer took, and what it holds."""
        headers = self.headers | ({"Content-Type": "application/json"} if body else {})
        begun = time.perf_counter()
        self.connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        found = answer.read()
        took = (time.perf_counter() - begun) * 1000
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} was answered with {answer.status}: {found}")
        return took, json.loads(found)


def wait_for_catalog(hub):
    wait_until("a fresh catalogue", lambda: hub.get(
        "/api/marketplace?limit=1").json["catalog"]["state"] == "fresh", 120)


@contextlib.contextmanager
def environment(**values):
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def template(folder, skills):
    """A base directory whose hub has fetched a registry of so many skills and done nothing else."""
    registry = folder / "registry"
    make_registry(registry, skills)
    base = folder / "template"
    with Hub(base, "--registry", str(registry)) as hub:
        wait_for_catalog(hub)
    return registry, base


def fresh_base(folder, made_from):
    base = folder / "base"
    shutil.rmtree(base, ignore_errors=True)
    shutil.copytree(made_from, base)
    return base


def one_number(base, query):
    with contextlib.closing(database(base)) as db:
        return db.execute(query).fetchone()[0]


def writable(base):
    return contextlib.closing(sqlite3.connect(f"{base}/state/hub.db"))


def cpu_seconds(pid):
    """What a process has used of the processors, the kernel's work for it included."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load_now():
    return float(pathlib.Path("/proc/loadavg").read_text(encoding="utf-8").split()[0])
