"""What the tests of /api/operations share: a hub with a few skills, one of which installs for as
long as a test wants, and answers that come bit by bit."""

import contextlib
import http.client
import http.server
import io
import json
import os
import shutil
import threading
import unittest
import zipfile

from harness import SAMPLES, Hub, run_cli, temporary_folder, wait_until, write_skill

os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost"  # for pip in the hub


def wheel():
    """A package with nothing in it."""
    name, held = "held_package-1.0", io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("held_package.py", "")
        archive.writestr(f"{name}.dist-info/METADATA",
                         "Metadata-Version: 2.1\nName: held-package\nVersion: 1.0\n")
        archive.writestr(f"{name}.dist-info/WHEEL",
                         "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
                         "Tag: py3-none-any\n")
        archive.writestr(f"{name}.dist-info/RECORD", "")
    return held.getvalue()


class PackageIndex(http.server.ThreadingHTTPServer):
    """Answers pip when the test says so: until then a skill that needs it is installing."""

    daemon_threads = True

    def __init__(self):
        self.go = threading.Event()
        super().__init__(("127.0.0.1", 0), PackageHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def arguments(self):
        return ["--timeout", "100", "--index-url",
                f"http://127.0.0.1:{self.server_address[1]}/simple", "held-package"]


class PackageHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        self.server.go.wait(100)
        page = self.path.endswith("/")
        body = (b'<a href="/held_package-1.0-py3-none-any.whl">held</a>' if page else wheel())
        with contextlib.suppress(OSError):  # pip was ended meanwhile
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if page else "application/octet-stream")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Stream:
    """An open answer whose body comes bit by bit."""

    def __init__(self, hub, path, headers=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=60)
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {hub.token}",
                                                      **(headers or {})})
        self.answer = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answer.close()
        self.connection.close()

    def lines(self):
        """Up to the end of the body, or of the hub."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            while line := self.answer.readline():
                yield line.decode()

    def events(self):
        """(id, name, data) of each."""
        fields = {}
        for line in self.lines():
            line = line.rstrip("\n")
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif not line:
                if "data" in fields:
                    yield (int(fields["id"]) if "id" in fields else None, fields.get("event"),
                           json.loads(fields["data"]))
                fields = {}


class ApiCase(unittest.TestCase):
    """A hub with a few skills; held_skill installs for as long as the test holds its package."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(temporary_folder())
        cls.index = cls.enterClassContext(PackageIndex())
        cls.registry = cls.folder / "registry"
        cache = cls.folder / "cache"
        run_cli("registry", "init", cls.registry, cache=cache)
        needs = f"dependencies: {json.dumps(cls.index.arguments)}\n"
        broken = "dependencies: ['--no-index', 'no_such_package==1.0']\n"
        for name, extra in (("held_skill", needs), ("broken_skill", broken),
                            ("plain_skill", ""), ("other_skill", "")):
            write_skill(cls.folder, name, extra=extra)
            run_cli("skill", "push", cls.folder / name, "--registry", cls.registry, cache=cache)
        run_cli("skill", "push", SAMPLES / "skills" / "notes_skill", "--registry", cls.registry,
                cache=cache)
        cls.template = cls.folder / "template"
        with Hub(cls.template, "--registry", str(cls.registry)) as hub:
            hub.wait_catalog(5)

    def setUp(self):
        self.index.go.clear()
        self.base = self.folder / "base"
        shutil.rmtree(self.base, ignore_errors=True)
        shutil.copytree(self.template, self.base)
        (self.base / "hub.log").unlink()
        self.stack = self.enterContext(contextlib.ExitStack())
        self.hub = self.start_hub()

    def tearDown(self):
        self.index.go.set()  # let whoever waits go

    def start_hub(self):
        hub = self.stack.enter_context(Hub(self.base, "--registry", str(self.registry),
                                           *self.arguments))
        hub.wait_catalog(5)
        return hub

    def start(self, target="plain_skill", kind="skill.install", headers=None, **more):
        return self.hub.post("/api/operations",
                             {"kind": kind, "target_kind": "skill", "target_id": target, **more},
                             headers=headers)

    def started(self, *arguments, **more):
        answer = self.start(*arguments, **more)
        self.assertEqual(answer.status, 202, answer.body)
        return answer.json["operation_id"]

    def state_of(self, operation_id):
        return self.hub.get(f"/api/operations/{operation_id}").json

    def wait_for(self, operation_id, status, step=None):
        def there():
            state = self.state_of(operation_id)
            return state["status"] == status and step in (None, state["current_step"]) and state
        return wait_until(f"{status} {step or ''}", there)

    def held(self, **more):
        """held_skill, at the step that waits for its package."""
        operation_id = self.started("held_skill", **more)
        self.wait_for(operation_id, "running", "prepare")
        return operation_id

    def assert_problem(self, answer, status, code):
        self.assertEqual((answer.status, answer.json.get("code")), (status, code), answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertTrue(answer.json["detail"])
        return answer.json
