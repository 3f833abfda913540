"""An HTTP/2 server on Python's h2: server.py FOLDER serves its files over cleartext; prints the port.

Each response has an interim one before it and trailers behind it; with file1 comes file2, if the client takes pushes.
"""
import pathlib
import socketserver
import sys

import h2.config
import h2.connection
import h2.events

FOLDER = pathlib.Path(sys.argv[1])


class Handler(socketserver.BaseRequestHandler):
    def setup(self):
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self.connection = h2.connection.H2Connection(config)
        self.bodies = {}

    def handle(self):
        self.connection.initiate_connection()
        self.flush()
        while octets := self.request.recv(65536):
            for event in self.connection.receive_data(octets):
                self.on_event(event)
            self.send_bodies()
            self.flush()

    def on_event(self, event):
        if isinstance(event, h2.events.RequestReceived):
            fields = dict(event.headers)
            self.connection.send_headers(event.stream_id, [(":status", "103"), ("link", "</file2>")])
            if fields[":path"] == "/file1" and self.connection.remote_settings.enable_push:
                promised = self.connection.get_next_available_stream_id()
                request = fields | {":path": "/file2"}
                self.connection.push_stream(event.stream_id, promised, list(request.items()))
                self.respond(promised, "/file2")
            self.respond(event.stream_id, fields[":path"])
        elif isinstance(event, h2.events.DataReceived):
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.bodies.pop(event.stream_id, None)

    def respond(self, stream, path):
        path = FOLDER / pathlib.PurePosixPath(path).name
        status, body = ("200", path.read_bytes()) if path.is_file() else ("404", b"")
        self.connection.send_headers(stream, [(":status", status), ("content-length", str(len(body)))])
        self.bodies[stream] = body

    def send_bodies(self):
        for stream, body in list(self.bodies.items()):
            while body:
                room = min(self.connection.local_flow_control_window(stream), self.connection.max_outbound_frame_size)
                if room <= 0:
                    break
                self.connection.send_data(stream, body[:room])
                body = body[room:]
            self.bodies[stream] = body
            if not body:
                self.connection.send_headers(stream, [("x-end", "yes")], end_stream=True)
                del self.bodies[stream]

    def flush(self):
        self.request.sendall(self.connection.data_to_send())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
