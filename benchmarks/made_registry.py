"""A registry with thousands of skills, made in seconds: registry.json and every tree go straight
into a bare repository with git fast-import. Each skill is whole: it can be installed, verified."""
import hashlib
import json
import pathlib
import struct
import subprocess

PUBLISHED_AT = "2026-01-02T03:04:05+00:00"


def tree_digest(files):
    """docs/formats/tree-digest.md; files = [(path, executable 0 or 1, bytes)]"""
    def leaf(path, executable, content):
        name = path.encode()
        return hashlib.sha256(
            b"adaos.tree.v1\0file\0" + struct.pack("<I", len(name)) + name + bytes([executable])
            + struct.pack("<Q", len(content)) + hashlib.sha256(content).digest()).digest()
    leaves = b"".join(leaf(*file) for file in sorted(files, key=lambda file: file[0].encode()))
    root = b"adaos.tree.v1\0root\0" + struct.pack("<Q", len(files)) + leaves
    return "sha256:" + hashlib.sha256(root).hexdigest()


def skill_name(number):
    return f"skill_{number:06}"


def files_of(number):
    name = skill_name(number)
    manifest = (f"name: {name}\nversion: 1.0.0\ntitle: Skill {number}\n"
                f"description: number {number} of a made registry\n"
                f"updated_at: '{PUBLISHED_AT}'\n")
    handler = f"def number():\n    return {number}\n"
    return [("skill.yaml", 0, manifest.encode()), ("handlers/main.py", 0, handler.encode())]


def entry_of(number, files):
    name = skill_name(number)
    return {
        "kind": "skill", "id": name, "name": name, "version": "1.0.0", "updated_at": PUBLISHED_AT,
        "path": f"skills/{name}", "manifest": f"skills/{name}/skill.yaml",
        "source": {"path": f"skills/{name}", "manifest": f"skills/{name}/skill.yaml"},
        "install": {"kind": "skill", "name": name, "id": name},
        "title": f"Skill {number}", "description": f"number {number} of a made registry",
        "tags": ["made"],
        "integrity": {"tree": tree_digest(files), "size": sum(len(f[2]) for f in files),
                      "files": len(files)},
    }


def make_registry(folder, count):
    """A bare repository at `folder` whose main branch publishes skill_000000 … ."""
    folder = pathlib.Path(folder)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    entries, changes, objects = [], [], []

    def blob(content):
        objects.append(b"blob\nmark :%d\ndata %d\n%b\n" % (len(objects) + 1, len(content), content))
        return len(objects)

    for number in range(count):
        files = files_of(number)
        entries.append(entry_of(number, files))
        for path, executable, content in files:
            mode = 100755 if executable else 100644
            changes.append(f"M {mode} :{blob(content)} skills/{skill_name(number)}/{path}\n")
    catalogue = {"version": 2, "updated_at": PUBLISHED_AT, "skills": entries, "scenarios": []}
    text = json.dumps(catalogue, indent=2, ensure_ascii=False) + "\n"
    changes.append(f"M 100644 :{blob(text.encode())} registry.json\n")
    message = b"a made registry\n"
    head = (b"commit refs/heads/main\ncommitter bench <bench@localhost> 1767323045 +0000\n"
            b"data %d\n%b" % (len(message), message))
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], check=True,
                   input=b"".join(objects) + head + "".join(changes).encode() + b"\n")
