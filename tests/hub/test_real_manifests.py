"""The published manifests of ../shared/data on a whole hub: each skill is installed, updated,
rolled back, uninstalled, and what can be taken back is. The code is not in that data, so each
skill gets functions of the names that its manifest gives its tools, and empty wheels of the
packages it asks for. Skipped, saying so, where the data is absent."""

import pathlib
import re
import unittest

import yaml
from harness import Hub, RegistryCase, same_files
from wheels import write_wheel

DATA = pathlib.Path(__file__).resolve().parents[3] / "shared/data"
NEWER = "999.0.0"


def packages_of(manifest):
    """The packages that it asks for by name; None when one is named by an address."""
    wanted = [str(one) for one in manifest.get("dependencies") or []]
    if any("://" in one for one in wanted):
        return None
    names = [re.match(r"[A-Za-z0-9._-]+", one) for one in wanted if not one.startswith("-")]
    return [name.group().replace("-", "_") for name in names]


def offline_manifest(text):
    """The same text, whose packages come from the folder beside it."""
    return re.sub(r"^dependencies:\n((?:[ ]*- .*\n)+)", lambda found: (
        "dependencies:\n" + re.match(r" *", found[1])[0] + "- --no-index\n" +
        re.match(r" *", found[1])[0] + "- --find-links=wheels\n" +
        re.sub(r">=.*", "", found[1])), text, flags=re.MULTILINE)


def write_code(skill, manifest):
    """Functions for all its tools."""
    sources = {"handlers/main.py": []}
    for tool in manifest.get("tools") or []:
        module, function = str(tool["entry"]).split(":")
        sources.setdefault(module.replace(".", "/") + ".py", []).append(
            f"def {function}(**_):\n    return {{}}\n")
    for path, functions in sources.items():
        (skill / path).parent.mkdir(parents=True, exist_ok=True)
        (skill / path).write_text("\n\n".join(functions), encoding="utf-8")


def manifests():
    return sorted(DATA.glob("*/skills/*/skill.yaml")) if DATA.is_dir() else []


@unittest.skipUnless(manifests(), "no ../shared/data")
class RealManifests(RegistryCase):
    def write(self, place, manifest_file, text):
        manifest = yaml.safe_load(text)
        packages = packages_of(manifest)
        skill = self.folder / place / manifest_file.parent.name
        skill.mkdir(parents=True)
        (skill / "skill.yaml").write_text(offline_manifest(text), encoding="utf-8")
        for package in packages or []:
            write_wheel(skill / "wheels", package, {f"{package.lower()}.py": b""})
        write_code(skill, manifest)
        return skill

    def publish_both(self, count, manifest_file):
        """The folders of two versions of one skill. None, when it cannot be published."""
        text = manifest_file.read_text(encoding="utf-8")
        old = self.write(f"{count}/old", manifest_file, text)
        pushed = self.push("skill", old, check=False)
        if pushed.returncode != 0:
            self.assertRegex(pushed.stderr, r"cannot .+: .+", "an error that says what is wrong")
            return None
        new = self.write(f"{count}/new", manifest_file,
                         re.sub(r"^version:.*$", f"version: {NEWER}", text, flags=re.MULTILINE))
        self.push("skill", new)
        return old, new

    def test_each_goes_in_on_back_and_out_again(self):
        published, refused = {}, []
        for count, manifest_file in enumerate(manifests()):
            both = self.publish_both(count, manifest_file)
            if both:
                published[manifest_file.parent.name] = (manifest_file, *both)
            else:
                refused.append(manifest_file.parent.name)
        self.assertGreater(len(published), len(refused), refused)
        with Hub(self.folder / "base", "--registry", str(self.registry)) as hub:
            hub.wait_catalog(len(published))
            for name, (manifest_file, old, new) in published.items():
                with self.subTest(skill=name):
                    manifest = yaml.safe_load(manifest_file.read_text(encoding="utf-8"))
                    if packages_of(manifest) is None:
                        self.fails_clearly(hub, name)
                    else:
                        self.round_trip(hub, name, str(manifest["version"]), old, new)

    def operate(self, hub, kind, name, **params):
        answer = hub.post("/api/operations", {"kind": kind, "target_kind": "skill",
                                              "target_id": name, "params": params})
        self.assertEqual(answer.status, 202, answer.json)
        return hub.end_of(answer.json["operation_id"])

    def fails_clearly(self, hub, name):
        state = self.operate(hub, "skill.install", name)
        self.assertEqual((state["status"], state["effects"]), ("failed", "reverted"), state)
        self.assertRegex(state["error"]["message"], r"cannot .+: .+")
        self.assertFalse((hub.base / "workspace/skills" / name).exists())

    def round_trip(self, hub, name, version, old, new):
        place = hub.base / "workspace/skills" / name

        def do(kind, stands, **params):
            state = self.operate(hub, kind, name, **params)
            self.look(state, place, stands)
            return state["operation_id"]

        def undo(operation_id, stands):
            answer = hub.post(f"/api/operations/{operation_id}/undo")
            self.assertEqual(answer.status, 202, answer.json)
            self.look(hub.end_of(answer.json["operation_id"]), place, stands)

        do("skill.install", old, pin=version)
        do("skill.unpin", old)
        do("skill.update", new)
        undo(do("skill.rollback", old), new)
        undo(do("skill.uninstall", None), new)
        do("skill.uninstall", None)

    def look(self, state, place, stands):
        self.assertEqual(state["status"], "succeeded", state)
        if stands:
            self.assertTrue(same_files(stands, place), f"{place} is not {stands}")
        else:
            self.assertFalse(place.exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
