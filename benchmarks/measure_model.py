"""How fast a model of one file comes from a server that cuts every 50 MiB, beside curl."""
import os
import pathlib
import re
import subprocess
import sys
import time

from hub_under_load import ROOT, Hub, temporary_folder

MIB = 1 << 20
CUT_MIB = 50


class Server:
    """tests/hub/model_server.py in a process of its own."""

    def __init__(self, file, cut_bytes):
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tests/hub/model_server.py", file, str(cut_bytes)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)

    def counts(self):
        """Bytes sent, connections cut."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return tuple(map(int, self.process.stdout.readline().split()))


def make_file(path, mebibytes):
    with open(path, "wb") as file:
        for _ in range(mebibytes // 16):
            file.write(os.urandom(16 * MIB))
    said = subprocess.run(["sha256sum", path], text=True, capture_output=True, check=True).stdout
    return said.split()[0]


def hub_memory_mib(hub):
    status = pathlib.Path(f"/proc/{hub.process.pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def by_hub(folder, file, digest):
    """Seconds from the request to the published model, and what it took."""
    with Server(file, CUT_MIB * MIB) as server, Hub(folder / "base", "--slots", "1") as hub:
        begun = time.perf_counter()
        asked = hub.post("/api/operations", {
            "kind": "model.download", "target_kind": "model", "target_id": "large",
            "params": {"files": [{"path": "w", "size": file.stat().st_size, "sha256": digest,
                                  "urls": [server.url]}]}})
        state = hub.end_of(asked.json["operation_id"], 600)
        seconds = time.perf_counter() - begun
        if state["status"] != "succeeded":
            raise RuntimeError(f"the download ended {state['status']}: {state['message']}")
        sent, cuts = server.counts()
        figures = {"seconds": seconds, "cuts": cuts, "again": sent - file.stat().st_size,
                   "memory_mib": hub_memory_mib(hub)}
    subprocess.run(["rm", "-r", folder / "base"], check=True)
    return figures


def by_curl(folder, file, digest):
    """The same promises: the bytes are on the disk, and they are the right ones. From a server that
    does not cut. And curl alone, from that server and from the one that cuts."""
    target = folder / "curled"
    with Server(file, CUT_MIB * MIB) as server:
        begun = time.perf_counter()
        while subprocess.run(["curl", "-s", "-C", "-", "-o", target, server.url],
                             check=False).returncode != 0:
            pass
        with_cuts = time.perf_counter() - begun
        target.unlink()
    with Server(file, 0) as server:
        begun = time.perf_counter()
        subprocess.run(["curl", "-sS", "-o", target, server.url], check=True)
        alone = time.perf_counter() - begun
        subprocess.run(["sync", target], check=True)
        said = subprocess.run(["sha256sum", target], text=True, capture_output=True, check=True)
        seconds = time.perf_counter() - begun
    target.unlink()
    if not said.stdout.startswith(digest):
        raise RuntimeError("curl has fetched something else")
    return {"seconds": seconds, "alone": alone, "with_cuts": with_cuts}


def measure(mebibytes, rounds, table):
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1"
    with temporary_folder() as folder:
        file = folder / "model"
        digest = make_file(file, mebibytes)
        ours, curls = [], []
        for _ in range(rounds):
            ours.append(by_hub(folder, file, digest))
            curls.append(by_curl(folder, file, digest))
        table.model(mebibytes, CUT_MIB, ours, curls)
