"""The command line against a hub: a registry to install from, and commands that find the hub."""

import os
import pathlib
import signal
import subprocess
import unittest

from cli_screen import Terminal
from harness import (BINARY, SAMPLES, Hub, run_cli, temporary_folder, wait_until, write_scenario,
                     write_skill)

SLOW = "delay_ms=100"  # at each durable point: an install takes a few seconds


def environment(**more):
    """Nothing of ours that leads to a hub; a UTF-8 locale."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("ADAOS_", "LC_", "NO_COLOR"))}
    return {**kept, "LANG": "C.UTF-8", "TERM": "xterm-256color", "HOME": "/nonexistent", **more}


class CliTest(unittest.TestCase):
    """A registry with a few skills; each test starts the hub it wants."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(temporary_folder())
        cls.registry = cls.folder / "registry"
        cache = cls.folder / "cache"
        run_cli("registry", "init", cls.registry, cache=cache)
        write_skill(cls.folder, "broken_skill",
                    extra="dependencies: ['--no-index', 'no_such_package==1.0']\n")
        write_scenario(cls.folder, "small_scenario", ["timer_skill", "notes_skill"])
        manifest = cls.folder / "small_scenario" / "scenario.yaml"
        manifest.write_text(manifest.read_text() + "title: Утренняя сводка\n", encoding="utf-8")
        for kind, source in (("skill", SAMPLES / "skills" / "notes_skill"),
                             ("skill", SAMPLES / "skills" / "timer_skill"),
                             ("skill", cls.folder / "broken_skill"),
                             ("scenario", cls.folder / "small_scenario")):
            run_cli(kind, "push", source, "--registry", cls.registry, cache=cache)

    @classmethod
    def start_hub(cls, base, *arguments, fault=None, port=0):
        hub = Hub(base, "--registry", str(cls.registry), *arguments, fault=fault, port=port)
        hub.wait_catalog(4)
        return hub

    def run_cli(self, base, *arguments, code=0, env=None, timeout=120):
        """One command in a pipe; what it printed."""
        done = subprocess.run([BINARY, *map(str, arguments)], text=True, capture_output=True,
                              env=environment(ADAOS_BASE_DIR=str(base), **(env or {})),
                              stdin=subprocess.DEVNULL, timeout=timeout, check=False)
        self.assertEqual(done.returncode, code,
                         f"{arguments}:\n{done.stdout}\n{done.stderr}")
        for character in done.stdout + done.stderr:
            self.assertTrue(character.isprintable() or character == "\n", repr(character))
        return done

    def begin_cli(self, base, *arguments):
        return subprocess.Popen([BINARY, *map(str, arguments)], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                stdin=subprocess.DEVNULL,
                                env=environment(ADAOS_BASE_DIR=str(base)))

    def terminal(self, base, *arguments, columns=100, rows=30, **more):
        return Terminal([BINARY, *map(str, arguments)],
                        environment(ADAOS_BASE_DIR=str(base), **more), columns, rows)

    def wait_running(self, hub, operation_id):
        wait_until("a running step", lambda: hub.get(
            f"/api/operations/{operation_id}").json["status"] == "running")


def interrupt(process):
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def short(operation_id):
    return operation_id.rsplit("-", 1)[1][:6]


__all__ = ["CliTest", "SLOW", "Hub", "environment", "interrupt", "pathlib", "short",
           "temporary_folder", "wait_until"]
