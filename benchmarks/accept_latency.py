#!/usr/bin/env python3
"""How long a client waits for 202: POST /api/skills/install on one keep-alive connection, each for
another skill, against the release hub; beside it the disk's own fdatasync in the same folder, since
every accept is on disk before it is answered.

    benchmarks/accept_latency.py [--skills N]        needs build/release/bin/adaos-hub
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("HUB_BINARY", str(ROOT / "build/release/bin/adaos-hub"))
sys.path.insert(0, str(ROOT / "tests/hub"))

from harness import Hub, run_cli, temporary_folder, write_skill  # noqa: E402


def percentiles(seconds):
    ordered = sorted(seconds)
    return (statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.99)] * 1000)


def fdatasync_times(folder, count):
    times = []
    descriptor = os.open(folder / "probe", os.O_CREAT | os.O_WRONLY)
    for _ in range(count):
        os.write(descriptor, b"x" * 4096)
        start = time.perf_counter()
        os.fdatasync(descriptor)
        times.append(time.perf_counter() - start)
    os.close(descriptor)
    return times


def accept_times(hub, names):
    connection = http.client.HTTPConnection("127.0.0.1", hub.port)
    headers = {"Authorization": f"Bearer {hub.token}", "Content-Type": "application/json"}
    times, last = [], None
    for name in names:
        body = json.dumps({"name": name, "async_operation": True})
        start = time.perf_counter()
        connection.request("POST", "/api/skills/install", body, headers)
        response = connection.getresponse()
        answer = response.read()
        times.append(time.perf_counter() - start)
        assert response.status == 202, answer
        last = json.loads(answer)["operation_id"]
    return times, last


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--skills", type=int, default=200)
    given = arguments.parse_args()
    with temporary_folder() as folder:
        registry, cache = folder / "registry", folder / "cache"
        run_cli("registry", "init", registry, cache=cache)
        names = [f"skill_{i:04}" for i in range(given.skills)]
        def publish(name):
            run_cli("skill", "push", write_skill(folder, name), "--registry", registry, cache=cache)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(publish, names))
        disk_p50, disk_p99 = percentiles(fdatasync_times(folder, 200))
        with Hub(folder / "base", "--registry", str(registry)) as hub:
            hub.wait_catalog(given.skills)
            start = time.perf_counter()
            times, last = accept_times(hub, names)
            accepted = time.perf_counter() - start
            hub.end_of(last, 600)
            installed = time.perf_counter() - start
        p50, p99 = percentiles(times)
        print(f"accepts                {len(times)}, one after the other, while 4 workers install")
        print(f"accept p50 / p99       {p50:.2f} / {p99:.2f} ms")
        print(f"fdatasync p50 / p99    {disk_p50:.2f} / {disk_p99:.2f} ms (4 KiB, same folder)")
        print(f"accept p50 / fdatasync {p50 / disk_p50:.1f}")
        print(f"accepted in {accepted:.2f} s, all installed in {installed:.2f} s "
              f"({len(times) / installed:.0f} installs/s)")


if __name__ == "__main__":
    main()
