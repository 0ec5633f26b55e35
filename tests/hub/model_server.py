"""The outside world of model downloads: an HTTP server on loopback that understands ranges, cuts,
and counts what it has sent. Also a program: model_server.py FILE CUT_BYTES serves one file and
prints its address."""

import contextlib
import hashlib
import http.server
import os
import pathlib
import re
import socket
import sys
import threading
import time


class ModelServer(http.server.ThreadingHTTPServer):
    """Serves `files` {path: bytes or pathlib.Path}."""

    daemon_threads = True

    def __init__(self, files, cut_bytes=0, bytes_per_s=0):
        self.files, self.cut_bytes, self.bytes_per_s = files, cut_bytes, bytes_per_s
        self.sent, self.cuts, self.requests = 0, 0, []
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), ModelHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request, client_address):
        pass  # whoever asks goes away in the middle: that is what is tested


class ModelHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    left = None  # bytes until this connection is cut

    def do_GET(self):  # pylint: disable=invalid-name
        server = self.server
        content = server.files.get(self.path)
        asked = self.headers.get("Range")
        with server.lock:
            server.requests.append((self.path, asked))
        if content is None:
            self.send_error(404)
            return
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        begin, last = 0, size - 1
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", asked or ""):
            begin = int(match[1])
            last = min(int(match[2] or size), size - 1)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{last}/{size}")
        else:
            self.send_response(200)
        count = last - begin + 1
        self.send_header("Content-Length", str(count))
        self.end_headers()
        if self.left is None:
            self.left = server.cut_bytes
        cut = bool(server.cut_bytes) and count > self.left
        with contextlib.suppress(OSError):
            self.send_bytes(content, begin, self.left if cut else count)
        self.left -= min(count, self.left)
        if cut:
            with server.lock:
                server.cuts += 1
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def send_bytes(self, content, begin, count):
        server = self.server
        self.wfile.flush()
        piece = 64 << 10 if server.bytes_per_s else 4 << 20
        with contextlib.ExitStack() as stack:
            file = None if isinstance(content, bytes) else stack.enter_context(open(content, "rb"))
            while count > 0:
                part = min(piece, count)
                if file:
                    part = os.sendfile(self.connection.fileno(), file.fileno(), begin, part)
                else:
                    self.connection.sendall(content[begin:begin + part])
                begin, count = begin + part, count - part
                with server.lock:
                    server.sent += part
                if server.bytes_per_s:
                    time.sleep(part / server.bytes_per_s)

    def log_message(self, *_):
        pass


def sha256(content):
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    SERVER = ModelServer({"/model": pathlib.Path(sys.argv[1])}, cut_bytes=int(sys.argv[2]))
    print(SERVER.url("/model"), flush=True)
    for _ in sys.stdin:  # each line asks how much was sent
        print(SERVER.sent, SERVER.cuts, flush=True)
