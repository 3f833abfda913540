"""Python's h2 against a server that pushes: h2_client.py ORIGIN, over clear text or TLS."""
import os
import socket
import ssl
import sys
import urllib.parse

import h2.connection
import h2.events

ORIGIN = urllib.parse.urlsplit(sys.argv[1])


class Client:
    """One connection; of each stream it keeps the fields that came, the body, and whether it has ended."""

    def __init__(self):
        self.socket = socket.create_connection((ORIGIN.hostname, ORIGIN.port), timeout=30)
        if ORIGIN.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket)
            assert self.socket.selected_alpn_protocol() == "h2"
        self.connection = h2.connection.H2Connection()
        self.connection.initiate_connection()
        self.heads, self.trailers, self.bodies, self.ended, self.pushed = {}, {}, {}, set(), {}

    def request(self, method, path, *fields):
        stream = self.connection.get_next_available_stream_id()
        head = [(":method", method), (":scheme", ORIGIN.scheme), (":authority", ORIGIN.netloc), (":path", path)]
        self.connection.send_headers(stream, head + list(fields), end_stream=method == "GET")
        return stream

    def send(self, stream, body, trailers):
        while body:
            room = min(self.connection.local_flow_control_window(stream), self.connection.max_outbound_frame_size)
            if room <= 0:
                self.turn()
                continue
            self.connection.send_data(stream, body[:room])
            body = body[room:]
        self.connection.send_headers(stream, trailers, end_stream=True)

    def finish(self, *streams):
        while not self.ended.issuperset(streams):
            self.turn()

    def turn(self):
        self.socket.sendall(self.connection.data_to_send())
        octets = self.socket.recv(65536)
        assert octets, "the server left"
        for event in self.connection.receive_data(octets):
            self.on_event(event)

    def on_event(self, event):
        if isinstance(event, h2.events.ResponseReceived):
            self.heads[event.stream_id] = text(event.headers)
        elif isinstance(event, h2.events.TrailersReceived):
            self.trailers[event.stream_id] = text(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.PushedStreamReceived):
            self.pushed[text(event.headers)[":path"]] = event.pushed_stream_id
        elif isinstance(event, h2.events.StreamEnded):
            self.ended.add(event.stream_id)
        assert not isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)), event


def text(fields):
    return {name.decode(): value.decode() for name, value in fields}


client = Client()
page = client.request("GET", "/")
client.finish(page)
pushed = client.pushed["/style.css"]
client.finish(pushed)
assert client.heads[page][":status"] == client.heads[pushed][":status"] == "200"
asked = client.request("GET", "/style.css")
client.finish(asked)
assert client.bodies[pushed] == client.bodies[asked] != b""
assert client.heads[pushed] == client.heads[asked]

message = os.urandom(1_000_000)
call = client.request("POST", "/echo", ("content-type", "application/grpc"), ("te", "trailers"))
client.send(call, b"\0" + len(message).to_bytes(4, "big") + message, [("x-end", "yes")])
client.finish(call)
assert client.bodies[call][5:] == message
assert client.trailers[call] == {"grpc-status": "0"}
print(f"python h2 client: {ORIGIN.scheme}: ok")
