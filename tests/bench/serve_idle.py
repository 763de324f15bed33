"""Opens connections to a server and holds them, idle, until its standard input ends.

usage: serve_idle.py PORT COUNT [CA_FILE]   prints "open" when all are; with a CA file by TLS
"""
import resource
import socket
import ssl
import sys

port, count = int(sys.argv[1]), int(sys.argv[2])
context = ssl.create_default_context(cafile=sys.argv[3]) if len(sys.argv) > 3 else None
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
held = []
for _ in range(count):
    connection = socket.create_connection(("127.0.0.1", port))
    if context:
        connection = context.wrap_socket(connection, server_hostname="127.0.0.1")
    held.append(connection)
print("open", flush=True)
sys.stdin.read()
