"""Copies octets between a client and a server, and keeps what the client sends: rec.py LISTEN PORT FILE"""
import socket, sys, threading
listen, port, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
s = socket.create_server(("127.0.0.1", listen))
c, _ = s.accept(); u = socket.create_connection(("127.0.0.1", port)); f = open(name, "wb")
def back():
    try:
        while d := u.recv(65536): c.sendall(d)
        c.shutdown(socket.SHUT_WR)
    except OSError: pass
threading.Thread(target=back, daemon=True).start()
try:
    while d := c.recv(65536): f.write(d); f.flush(); u.sendall(d)
except OSError: pass
f.close()
