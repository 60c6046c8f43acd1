"""Forwards HTTP to a registry and notes each request: counting_proxy.py HOST:PORT LOG.

Prints `listening on 127.0.0.1:PORT` and serves until it is stopped. LOG gets one line per request,
`METHOD TARGET STATUS`, before the response is passed on. The Host header goes through as it came, so
that a registry that answers with absolute URLs names the proxy in them.
"""

import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = 64 * 1024
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "expect"}


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream = ""
    log_path = ""

    def forward(self):
        connection = HTTPConnection(self.upstream, timeout=300)
        try:
            self.send_upstream(connection)
            response = connection.getresponse()
            with open(self.log_path, "a", encoding="utf-8") as log:
                log.write(f"{self.command} {self.path} {response.status}\n")
            self.send_downstream(response)
        finally:
            connection.close()

    do_DELETE = do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = forward

    def send_upstream(self, connection):
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in end_to_end(self.headers.items()):
            connection.putheader(name, value)
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        for piece in self.chunks() if chunked else self.sized_body():
            connection.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            connection.send(b"0\r\n\r\n")

    def sized_body(self):
        left = int(self.headers.get("Content-Length", 0))
        while left > 0:
            piece = self.rfile.read(min(CHUNK, left))
            if not piece:
                raise ConnectionError("the client stopped in the middle of its body")
            left -= len(piece)
            yield piece

    def chunks(self):
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def send_downstream(self, response):
        self.send_response_only(response.status, response.reason)
        for name, value in end_to_end(response.getheaders()):
            self.send_header(name, value)
        if response.length is None and self.command != "HEAD":
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        while piece := response.read(CHUNK):
            self.wfile.write(piece)

    def log_message(self, format, *args):
        """Nothing on stderr: the log has it."""


def end_to_end(headers):
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]


if __name__ == "__main__":
    Proxy.upstream, Proxy.log_path = sys.argv[1:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
