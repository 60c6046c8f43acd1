"""A link to a server that fails again and again: bad_link.py HOST:PORT LOG [--cut-every BYTES] [--rate BYTES].

Prints `listening on 127.0.0.1:PORT` and passes bytes on until it is stopped. After each BYTES in both
directions together, the connection that carried the last of them is reset. `--rate` is the most bytes per
second in each direction of a connection. LOG is kept up to date with `up UP down DOWN cuts CUTS`, in bytes.
"""

import argparse
import socket
import struct
import threading
import time

CHUNK = 64 * 1024


class Link:
    def __init__(self, log, cut_every):
        self.log, self.cut_every = log, cut_every
        self.lock = threading.Lock()
        self.passed = {"up": 0, "down": 0}
        self.cuts = self.since_cut = 0

    def count(self, direction, length):
        """Notes bytes that are about to be passed on; says whether the connection is to be cut now."""
        with self.lock:
            self.passed[direction] += length
            self.since_cut += length
            cut = self.cut_every is not None and self.since_cut >= self.cut_every
            if cut:
                self.since_cut = 0
                self.cuts += 1
            with open(self.log, "w", encoding="utf-8") as log:
                log.write(f"up {self.passed['up']} down {self.passed['down']} cuts {self.cuts}\n")
            return cut


def pump(link, direction, source, sink, rate):
    try:
        while piece := source.recv(CHUNK):
            if link.count(direction, len(piece)):
                reset(source)
                reset(sink)
                return
            sink.sendall(piece)
            if rate:
                time.sleep(len(piece) / rate)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        reset(source)
        reset(sink)


def reset(end):
    """Closes with a reset rather than with an end."""
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("upstream")
    parser.add_argument("log")
    parser.add_argument("--cut-every", type=int)
    parser.add_argument("--rate", type=int)
    arguments = parser.parse_args()
    host, port = arguments.upstream.rsplit(":", 1)
    link = Link(arguments.log, arguments.cut_every)
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        client, _ = listener.accept()
        try:
            server = socket.create_connection((host, int(port)))
        except OSError:
            reset(client)
            continue
        for direction, source, sink in (("up", client, server), ("down", server, client)):
            pumping = (link, direction, source, sink, arguments.rate)
            threading.Thread(target=pump, args=pumping, daemon=True).start()


if __name__ == "__main__":
    main()
