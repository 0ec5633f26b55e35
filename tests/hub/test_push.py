"""Publishing: through a hub, by upload and from its dev space; and by a command line that is killed
at each of its points."""
import contextlib
import fcntl
import json
import os
import socket
import subprocess
import unittest
import urllib.error
import urllib.request
import uuid

from harness import (BINARY, Hub, assert_whole, run_cli, temporary_folder, wait_until,
                     write_scenario, write_skill)


def git(registry, *arguments):
    return subprocess.run(["git", "-C", registry, *arguments], capture_output=True, text=True,
                          check=True).stdout


def catalogue(registry):
    return json.loads(git(registry, "show", "main:registry.json"))


def make_registry(folder):
    registry = folder / "registry"
    run_cli("registry", "init", registry, cache=folder / "cache")
    return registry


def form(fields, files):
    """A multipart body, as curl -F makes it: (bytes, content type)."""
    boundary = uuid.uuid4().hex
    parts = []
    for name, value in fields.items():
        parts.append(f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode())
    for path, content in files:
        kind = "executable" if path.startswith("bin/") else "file"
        parts.append(f'Content-Disposition: form-data; name="{kind}"; filename="{path}"\r\n'
                     "Content-Type: application/octet-stream\r\n\r\n".encode() + content)
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return body + b"--" + boundary.encode() + b"--\r\n", f"multipart/form-data; boundary={boundary}"


def files_of(directory):
    return [(path.relative_to(directory).as_posix(), path.read_bytes())
            for path in sorted(directory.rglob("*")) if path.is_file()]


def upload(hub, kind, fields, files):
    body, content_type = form(fields, files)
    request = urllib.request.Request(
        f"{hub.address}/api/{kind}s/push", data=body, method="POST",
        headers={"Content-Type": content_type, "Authorization": f"Bearer {hub.token}"})
    try:
        with urllib.request.urlopen(request, timeout=70) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


class ThroughAHub(unittest.TestCase):
    def test_an_upload_is_published_with_its_author_and_shows_up_at_once(self):
        with temporary_folder() as folder:
            registry = make_registry(folder)
            skill = write_skill(folder, "hello_skill", extra="title: Привет\n")
            (skill / "bin").mkdir()
            (skill / "bin" / "run").write_text("#!/bin/sh\n")
            fields = {"name": "hello_skill", "message": "hello to all", "publisher": "ada"}
            with Hub(folder / "base", "--registry", str(registry),
                     "--registry-interval", "3600") as hub:
                status, answer = upload(hub, "skill", fields, files_of(skill))
                self.assertEqual((status, answer.get("status")), (200, "published"), answer)
                self.assertEqual(answer["revision"], git(registry, "rev-parse", "main").strip())
                entry = catalogue(registry)["skills"][0]
                self.assertEqual(entry["publisher"], {"owner_id": "ada"})
                self.assertEqual(git(registry, "log", "-1", "--format=%s").strip(),
                                 "hello to all")
                self.assertIn("100755", git(registry, "ls-tree", "-r", "main",
                                            "skills/hello_skill/bin/run"))
                row = hub.get("/api/marketplace").json["rows"][0]
                self.assertEqual((row["name"], row["version"]), ("hello_skill", "1.0.0"))
                state = hub.get(f"/api/operations/{answer['operation_id']}").json
                self.assertEqual([step["name"] for step in state["steps"]],
                                 ["collect", "publish", "refresh"])
                self.assertFalse(state["can_undo"])
                status, again = upload(hub, "skill", fields, files_of(skill))
                self.assertEqual((status, again.get("status")), (200, "already_published"), again)
                self.assertEqual(git(registry, "rev-list", "--count", "main").strip(), "2")
                self.assertEqual(list((folder / "base/state/uploads").iterdir()), [])
                self.assertEqual(hub.post("/api/skills/install", {"name": "hello_skill"}).status,
                                 200)

    def test_what_cannot_be_published_is_refused_at_once_and_leaves_nothing(self):
        with temporary_folder() as folder:
            registry = make_registry(folder)
            skill = write_skill(folder, "hello_skill")
            good = files_of(skill)
            with Hub(folder / "base", "--registry", str(registry)) as hub:
                fields = {"name": "hello_skill"}
                for files, code in (
                        ([], "upload_empty"), (good + [good[0]], "upload_duplicate_path"),
                        (good + [("../out", b"x")], "path_unsafe"),
                        (good + [("/etc/out", b"x")], "path_unsafe"),
                        (good + [(".env", b"TOKEN=1")], "secret_found"),
                        ([("handlers/main.py", b"")], "manifest_missing"),
                        ([("skill.yaml", b"name: [\n")], "manifest_yaml_syntax"),
                        ([("skill.yaml", b"version: '1'\n")], "version_invalid")):
                    status, answer = upload(hub, "skill", fields, files)
                    self.assertEqual(answer.get("code"), code, answer)
                    self.assertIn(status, (400, 404), answer)
                status, answer = upload(hub, "skill", {}, good)
                self.assertEqual(answer["code"], "name_missing")
                status, answer = upload(hub, "skill", {"name": "../x"}, good)
                self.assertEqual(answer["code"], "name_invalid")
                status, answer = upload(hub, "skill", {**fields, "validate_only": "true"}, good)
                self.assertEqual((status, answer["accepted"]), (200, False))
                wait_until("no upload left",
                           lambda: not list((folder / "base/state/uploads").iterdir()), 20)
                status, answer = upload(hub, "skill", fields, [("big", bytes(33 << 20))])
                self.assertEqual((status, answer["code"]), (413, "body_too_large"))
                self.assertEqual(hub.get("/api/operations").json["order"], [])
                upload(hub, "skill", fields, good)
                write_skill(folder, "hello_skill", handler="# other\n")
                status, answer = upload(hub, "skill", fields, files_of(skill))
                self.assertEqual((status, answer["code"]), (409, "version_content_changed"))
                write_skill(folder, "hello_skill", "0.9.0")
                status, answer = upload(hub, "skill", fields, files_of(skill))
                self.assertEqual((status, answer["code"]), (409, "version_not_newer"))

    def test_a_directory_is_taken_from_the_dev_space_and_from_nowhere_else(self):
        with temporary_folder() as folder:
            registry = make_registry(folder)
            dev = folder / "base" / "dev" / "home"
            write_skill(dev / "skills", "hello_skill")
            write_scenario(dev / "scenarios", "hello_desk", ["hello_skill"])
            outside = write_skill(folder / "elsewhere", "other_skill")
            (dev / "skills" / "other_skill").symlink_to(outside)
            (write_skill(dev / "skills", "leaky_skill") / "out.txt").symlink_to("/etc/hostname")
            with Hub(folder / "base", "--registry", str(registry)) as hub:
                hub.wait_catalog(0)
                for kind, name in (("skill", "hello_skill"), ("scenario", "hello_desk")):
                    answer = hub.post(f"/api/{kind}s/push", {"name": name})
                    self.assertEqual(answer.json.get("status"), "published", answer.json)
                for body, code in (
                        ({"name": "other_skill"}, "outside_dev_space"),
                        ({"name": "other_skill", "directory": str(outside)}, "outside_dev_space"),
                        ({"name": "base", "directory": "../../base"}, "outside_dev_space"),
                        ({"name": "leaky_skill"}, "tree_symlink"),
                        ({"name": "nobody_skill"}, "artifact_missing"),
                        ({"name": "x", "directory": "home/skills/hello_skill"}, "name_mismatch")):
                    answer = hub.post("/api/skills/push", body)
                    self.assertEqual(answer.json.get("code"), code, answer.json)
                self.assertEqual(len(catalogue(registry)["skills"]), 1)
                write_skill(dev / "skills", "hello_skill", "1.1.0")
                answer = hub.post("/api/operations", {
                    "kind": "skill.push", "target_id": "hello_skill",
                    "params": {"directory": "home/skills/hello_skill"}})
                self.assertEqual(answer.status, 202)
                state = hub.end_of(answer.json["operation_id"])
                self.assertEqual(state["status"], "succeeded", state)
                self.assertEqual(state["result"]["version"], "1.1.0")

    def test_an_unreachable_registry_fails_without_leaving_a_doubt(self):
        with temporary_folder() as folder:
            registry = make_registry(folder)
            write_skill(folder / "base" / "dev" / "home" / "skills", "hello_skill")
            with Hub(folder / "base", "--registry", str(registry)) as hub:
                hub.wait_catalog(0)
                registry.rename(folder / "gone")
                answer = hub.post("/api/skills/push", {"name": "hello_skill"})
                self.assertEqual(answer.status, 409, answer.json)
                self.assertEqual(answer.json["details"]["error"]["code"], "REGISTRY_UNREACHABLE")
                state = hub.get(f"/api/operations/{answer.json['details']['operation_id']}").json
                self.assertEqual((state["status"], state["effects"]), ("failed", "none"))
                (folder / "gone").rename(registry)
                again = hub.post(f"/api/operations/{state['operation_id']}/retry")
                self.assertEqual(hub.end_of(again.json["operation_id"])["status"], "succeeded")


    def test_a_push_that_waits_for_its_turn_can_be_cancelled(self):
        with temporary_folder() as folder:
            registry = make_registry(folder)
            skill = write_skill(folder / "base" / "dev" / "home" / "skills", "hello_skill")
            with Hub(folder / "base", "--registry", str(registry)) as hub:
                hub.wait_catalog(0)
                self.assertEqual(hub.post("/api/skills/push", {"name": skill.name}).status, 200)
                write_skill(skill.parent, skill.name, "1.1.0")
                lock = next((folder / "base/state/push").glob("*.lock"))
                with open(lock, "r+b") as turn:
                    fcntl.flock(turn, fcntl.LOCK_EX)
                    said = hub.post("/api/skills/push", {"name": skill.name,
                                                         "async_operation": True})
                    self.assertEqual(said.status, 202, said.json)
                    path = f"/api/operations/{said.json['operation_id']}"
                    wait_until("the step",
                               lambda: hub.get(path).json["current_step"] == "publish")
                    self.assertEqual(hub.post(f"{path}/cancel").status, 202)
                    state = hub.end_of(said.json["operation_id"])
                    self.assertEqual((state["status"], state["effects"]), ("cancelled", "none"))
                self.assertEqual(catalogue(registry)["skills"][0]["version"], "1.0.0")
                self.assertEqual(hub.post("/api/skills/push", {"name": skill.name}).json["version"],
                                 "1.1.0")

    def test_a_hub_that_is_killed_in_the_middle_of_a_push_publishes_once(self):
        with temporary_folder() as folder:
            def push_until_dead(name, fault):
                registry = folder / f"{name}-registry"
                run_cli("registry", "init", registry, cache=folder / "cache")
                base = folder / name
                write_skill(base / "dev" / "home" / "skills", "hello_skill")
                with Hub(base, "--registry", str(registry), fault=fault) as hub:
                    hub.wait_catalog(0)
                    said = hub.post("/api/skills/push", {"name": "hello_skill",
                                                         "async_operation": True}).json
                    if "kill_at" in fault:
                        hub.wait_dead()
                    else:
                        hub.end_of(said["operation_id"])
                return registry, base, said["operation_id"]
            trace = folder / "trace"
            push_until_dead("traced", f"trace={trace}")
            points = trace.read_text().split("\n")
            for wanted in ("begun:publish", "sending", "push.sending", "push.sent",
                           "effect:publish"):
                with self.subTest(point=wanted):
                    name = wanted.replace(":", "_")
                    registry, base, operation = push_until_dead(
                        name, f"kill_at={points.index(wanted) + 1}")
                    with Hub(base, "--registry", str(registry)) as hub:
                        state = hub.end_of(operation)
                        self.assertEqual(state["status"], "succeeded", state)
                        self.assertEqual(state["result"]["version"], "1.0.0")
                    assert_whole(self, base, operation)
                    self.assertEqual(git(registry, "rev-list", "--count", "main").strip(), "2")
                    self.assertEqual(len(catalogue(registry)["skills"]), 1)


@contextlib.contextmanager
def git_daemon(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack",
               "--listen=127.0.0.1", f"--port={port}", f"--base-path={folder}", folder]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as daemon:
        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        try:
            wait_until("the git daemon", answers)
            yield f"git://127.0.0.1:{port}"
        finally:
            os.killpg(daemon.pid, 15)


class Killed(unittest.TestCase):
    """SIGKILL at each point of a push: nothing torn, nothing twice, and pushing again ends well."""

    def kill_at_each_point(self, folder, registry, url, *options):
        cache = folder / "cache"
        first = write_skill(folder, "first_skill")
        run_cli("skill", "push", first, "--registry", url, cache=cache)  # the mirror is there
        trace = folder / "trace"
        os.environ["ADAOS_HUB_FAULT"] = f"trace={trace}"
        try:
            run_cli("skill", "push", write_skill(folder, "traced_skill"), "--registry", url,
                    *options, cache=cache)
            points = trace.read_text().split()
            for number, point in enumerate(points, 1):
                with self.subTest(point=point, options=options):
                    os.environ["ADAOS_HUB_FAULT"] = f"kill_at={number}"
                    self.kill_one(folder / f"at_{number}", registry, url, cache, *options)
        finally:
            os.environ.pop("ADAOS_HUB_FAULT", None)
        git(registry, "fsck", "--strict")
        text = git(registry, "show", "main:registry.json")
        value = json.loads(text)
        self.assertEqual(len(value["skills"]), len(points) + 2)
        self.assertEqual(text, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        return points

    def kill_one(self, folder, registry, url, cache, *options):
        name = folder.name + "_skill"
        skill = write_skill(folder, name)
        done = run_cli("skill", "push", skill, "--registry", url, *options, cache=cache,
                       check=False)
        self.assertEqual(done.returncode, -9, done)
        catalogue(registry)  # can be read
        del os.environ["ADAOS_HUB_FAULT"]
        done = run_cli("skill", "push", skill, "--registry", url, "--json", *options, cache=cache)
        entries = [entry for entry in catalogue(registry)["skills"] if entry["name"] == name]
        self.assertEqual([entry["version"] for entry in entries],
                         ["1.0.1" if options else "1.0.0"], done.stdout)
        self.assertEqual(json.loads(done.stdout)["version"], entries[0]["version"])
        commits = git(registry, "log", "--format=%H", f"--grep=Artifact: skill:{name}@", "main")
        self.assertEqual(len(commits.split()), 1)
        self.assertIn(f"version: {entries[0]['version']}\n", (skill / "skill.yaml").read_text())
        self.assertEqual([path.name for path in folder.iterdir()], [name])
        self.assertEqual(sorted(path.name for path in skill.iterdir()),
                         ["handlers", "skill.yaml"])

    def test_to_a_path(self):
        with temporary_folder() as folder:
            registry = make_registry(folder)
            points = self.kill_at_each_point(folder, registry, registry)
            for point in ("push.read", "push.standing", "push.copied", "push.sent",
                          "push.answered"):
                self.assertIn(point, points)

    def test_to_a_path_with_a_bump(self):
        with temporary_folder() as folder:
            registry = make_registry(folder)
            points = self.kill_at_each_point(folder, registry, registry, "--bump", "patch")
            self.assertIn("push.bumping", points)
            self.assertIn("push.bumped", points)

    def test_over_the_git_protocol(self):
        with temporary_folder() as folder, git_daemon(folder) as address:
            registry = make_registry(folder)
            points = self.kill_at_each_point(folder, registry, f"{address}/registry")
            self.assertIn("push.sending", points)


if __name__ == "__main__":
    assert os.path.exists(BINARY), BINARY
    unittest.main()
