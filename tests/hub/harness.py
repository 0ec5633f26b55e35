"""A real hub in a temporary folder, driven over HTTP. Standard library only.

The hub's program comes in HUB_BINARY, the files that go with it in ADAOS_HUB_SHARE."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("HUB_BINARY", str(ROOT / "build/dev/bin/adaos-hub"))
SAMPLES = ROOT / "examples" / "registry"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


@contextlib.contextmanager
def temporary_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="adaos-hub-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")


def run_cli(*arguments, cache, check=True, timeout=120):
    """One run of the command line, with a cache of its own."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run([BINARY, *map(str, arguments)], env=environment, text=True,
                          capture_output=True, timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stderr}")
    return done


def write_skill(folder, name, version="1.0.0", extra="", handler="def hello():\n    return 'hi'\n"):
    skill = pathlib.Path(folder) / name
    (skill / "handlers").mkdir(parents=True, exist_ok=True)
    (skill / "skill.yaml").write_text(
        f"name: {name}\nversion: {version}\ndescription: a test skill\n"
        f"updated_at: '2026-01-02T03:04:05+00:00'\n{extra}", encoding="utf-8")
    (skill / "handlers" / "main.py").write_text(handler, encoding="utf-8")
    return skill


def write_scenario(folder, name, skills, version="1.0.0"):
    scenario = pathlib.Path(folder) / name
    scenario.mkdir(parents=True, exist_ok=True)
    needed = "".join(f"  - {skill}\n" for skill in skills)
    (scenario / "scenario.yaml").write_text(
        f"id: {name}\nversion: {version}\nupdated_at: '2026-01-02T03:04:05+00:00'\n"
        f"depends:\n{needed}", encoding="utf-8")
    return scenario


class RegistryCase(unittest.TestCase):
    """Tests that share a folder, and in it an empty registry to publish to."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(temporary_folder())
        cls.registry = cls.folder / "registry"
        cls.cache = cls.folder / "cache"
        run_cli("registry", "init", cls.registry, cache=cls.cache)

    @classmethod
    def push(cls, kind, artifact, check=True):
        return run_cli(kind, "push", artifact, "--registry", cls.registry, cache=cls.cache,
                       check=check)


class Hub:
    """One hub process. Leaves no process behind when used in a `with`."""

    def __init__(self, base, *arguments, fault=None, port=0, wait=True):
        self.base = pathlib.Path(base)
        self.base.mkdir(parents=True, exist_ok=True)
        environment = dict(os.environ)
        environment.pop("ADAOS_HUB_FAULT", None)
        if fault:
            environment["ADAOS_HUB_FAULT"] = fault
        self.log_file = self.base / "hub.log"
        self.output = open(self.base / "hub.out", "w+b")  # pylint: disable=consider-using-with
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [BINARY, "serve", "--port", str(port), "--base-dir", str(self.base), *arguments],
                stdout=self.output, stderr=log, env=environment)
        self.address = self.token = None
        if wait:
            line = wait_until("the hub's address", self._address_line)
            self.address, self.token = line[len("address: "):].split("/#token=")

    def _address_line(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the hub ended with {self.process.returncode}:\n{self.log()}")
        text = pathlib.Path(self.output.name).read_text(encoding="utf-8")
        return text.strip() if text.endswith("\n") else None

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output.close()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def wait_dead(self, seconds=60):
        return self.process.wait(seconds)

    def ask(self, method, path, body=None, headers=None, token=True, timeout=70):
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, headers=sent,
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.headers, refused.read())

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, {} if body is None else body, **more)

    def wait_catalog(self, count=1):
        """Until the marketplace has at least `count` rows, installed ones included."""
        return wait_until("the catalogue", lambda: len(
            self.get("/api/marketplace?installed=1").json["rows"]) >= count)

    def end_of(self, operation_id, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            state = self.get(f"/api/operations/{operation_id}?wait=20s").json
            if state["status"] in ("succeeded", "failed", "cancelled"):
                return state
            assert time.monotonic() < deadline, f"still {state['status']}: {state}"


def database(base):
    connection = sqlite3.connect(f"file:{base}/state/hub.db?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def assert_whole(test, base, operation_id):
    """What must hold of every ended operation, whatever happened to the hub meanwhile."""
    with contextlib.closing(database(base)) as db:
        row = db.execute("SELECT * FROM operations WHERE operation_id = ?",
                         (operation_id,)).fetchone()
        test.assertIn(row["status"], ("succeeded", "failed", "cancelled"))
        test.assertIsNotNone(row["finished_at"])
        test.assertEqual(json.loads(row["state"])["status"], row["status"])
        blocked = db.execute("SELECT COUNT(*) FROM operations WHERE finished_at IS NULL AND "
                             "json_extract(state, '$.reason.code') = 'lock'").fetchone()[0]
        test.assertEqual(blocked, 0, "nobody waits for locks that nobody holds")
        told = db.execute("SELECT * FROM notifications WHERE operation_id = ?",
                          (operation_id,)).fetchall()
        test.assertEqual(len(told), 0 if row["parent_id"] else 1,
                         "exactly one notification; a parent tells how its children ended")
        revisions = [r[0] for r in db.execute(
            "SELECT revision FROM operation_events WHERE operation_id = ? ORDER BY seq",
            (operation_id,))]
        test.assertEqual(revisions, list(range(1, len(revisions) + 1)), "contiguous revisions")
        seqs = [r[0] for r in db.execute("SELECT seq FROM operation_events ORDER BY seq")]
        test.assertEqual(seqs, list(range(1, len(seqs) + 1)), "a feed without holes")
        # Tidied after the end, or at the next start; what an undo would need is kept.
        kept = {r[0] for r in db.execute(
            "SELECT operation_id FROM operations WHERE json_extract(state, '$.can_undo')")}
    staging = pathlib.Path(base) / "state" / "staging"
    wait_until("a tidy staging folder",
               lambda: {path.name for path in staging.iterdir()} <= kept, 20)
    return row["status"]


def same_files(one, other):
    """Whether two trees hold the same files, but for what Python leaves behind."""
    def listing(folder):
        return {p.relative_to(folder).as_posix(): p.read_bytes()
                for p in pathlib.Path(folder).rglob("*")
                if p.is_file() and "__pycache__" not in p.parts and p.suffix != ".pyc"}
    return listing(one) == listing(other)
