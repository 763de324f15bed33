"""Sockets for tests: obeys commands, one a line, from a file; answers each with a line.

    open NAME PORT [tls] [version=1.1|1.2|1.3] [cert=PATH key=PATH]    say NAME HEX
    read NAME HEX    up to and with these bytes    bytes NAME COUNT    so many
    rest NAME        up to the end
    shut NAME        no more is written            leave NAME          closes
    vanish NAME      closes by a reset             goodbye NAME HEX    the last, by TLS
    digest NAME      SHA-256 of all up to the end  certificate NAME    SHA-256 of the server's

Answers "ok HEX", "reset HEX" with what came before, or "failed TEXT". Waits at most SECONDS.
"""

import hashlib
import socket
import ssl
import struct
import sys

SECONDS = 30
VERSIONS = {"1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
sockets, unread = {}, {}


def secure(plain, options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if "version" in options:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = VERSIONS[options["version"]]
    if "cert" in options:
        context.load_cert_chain(options["cert"], options["key"])
    return context.wrap_socket(plain)


def open_(name, port, *words):
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    plain.settimeout(SECONDS)
    plain.connect(("127.0.0.1", int(port)))
    options = dict(word.split("=", 1) for word in words if "=" in word)
    sockets[name] = secure(plain, options) if "tls" in words else plain
    unread[name] = b""


def say(name, text):
    sockets[name].sendall(bytes.fromhex(text))


def receive(name):
    """More bytes; none at the end."""
    try:
        more = sockets[name].recv(65536)
    except ssl.SSLZeroReturnError:
        more = b""  # both said goodbye
    unread[name] += more
    return more


def take(name, count):
    taken, unread[name] = unread[name][:count], unread[name][count:]
    return taken


def read(name, end):
    end = bytes.fromhex(end)
    while end not in unread[name]:
        if not receive(name):
            raise EOFError("the end, after %r" % unread[name])
    return take(name, unread[name].index(end) + len(end))


def bytes_(name, count):
    while len(unread[name]) < int(count):
        if not receive(name):
            raise EOFError("the end, after %d bytes" % len(unread[name]))
    return take(name, int(count))


def rest(name):
    while receive(name):
        pass
    return take(name, len(unread[name]))


def shut(name):
    sockets[name].shutdown(socket.SHUT_WR)


def leave(name):
    sockets[name].close()


def vanish(name):
    sockets[name].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sockets[name].close()


def goodbye(name, text=""):
    sockets[name].setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    say(name, text)
    sockets[name].setblocking(False)
    try:
        sockets[name]._sslobj.shutdown()
    except ssl.SSLError:
        pass  # the other has not said it, or not in time
    sockets[name].settimeout(SECONDS)
    sockets[name].setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)


def digest(name):
    found = hashlib.sha256(take(name, len(unread[name])))
    while receive(name):
        found.update(take(name, len(unread[name])))
    return found.digest()


def certificate(name):
    return hashlib.sha256(sockets[name].getpeercert(True)).digest()


COMMANDS = {
    "open": open_, "say": say, "read": read, "bytes": bytes_, "rest": rest, "shut": shut, "leave": leave, "vanish": vanish,
    "goodbye": goodbye, "digest": digest, "certificate": certificate,
}


def obey(verb, name, *words):
    try:
        return "ok " + (COMMANDS[verb](name, *words) or b"").hex()
    except (ConnectionResetError, BrokenPipeError):
        return "reset " + take(name, len(unread.get(name, b""))).hex() if name in unread else "reset "
    except (OSError, EOFError) as problem:
        return "failed %s: %s" % (type(problem).__name__, problem)


with open(sys.argv[1], "r+b", buffering=0) as commands:  # open for writing too, so that it never ends
    print("ready", flush=True)
    text = b""
    while True:
        text += commands.read(65536)
        while b"\n" in text:
            line, text = text.split(b"\n", 1)
            print(obey(*line.decode().split()), flush=True)
