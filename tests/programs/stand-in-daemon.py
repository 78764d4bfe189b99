"""stand-in-daemon.py: what a keeper sees of a daemon, and nothing else.

Run as a daemon is: `python stand-in-daemon.py serve|adopt --state-dir DIR --keeper-fd N …`. It takes back what is held, or takes
the home's lock and a listener and has them held. What it hears from its keeper goes to DIR/heard, one JSON object a line with
its own pid as `by`; lines of JSON written to the FIFO DIR/PID are orders. If DIR/crash exists, it ends instead of being ready.
"""
import fcntl
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys

mode, arguments = sys.argv[1], sys.argv[2:]


def option(name):
    return arguments[arguments.index(name) + 1] if name in arguments else None


folder = option("--state-dir")
keeper = socket.socket(fileno=int(option("--keeper-fd")))
keeper.setblocking(True)
fds = {}
channels = []


def record(event):
    line = json.dumps({"by": os.getpid(), **event}) + "\n"
    with open(os.path.join(folder, "heard"), "a") as file:
        file.write(line)


def say(kind, fd=None, **fields):
    bytes = json.dumps({"type": kind, **fields}).encode()
    socket.send_fds(keeper, [bytes], [] if fd is None else [fd])


def listen():
    try:
        bytes, received, _, _ = socket.recv_fds(keeper, 65536, 8)
    except ConnectionError:
        bytes = b""
    if not bytes:
        record({"type": "end"})
        select.select([], [], [])
    message = json.loads(bytes)
    for fd in received:
        os.set_inheritable(fd, False)
    if message["type"] == "give":
        fds[message["name"]] = received[0]
    if message["type"] == "channel":
        channels.append(received[0])
    record({**message, "fds": len(received)})
    return message


def open_session(name, argv):
    pid, master = pty.fork()
    if pid == 0:
        os.execvp(argv[0], argv)
    os.set_inheritable(master, False)
    fds[name] = master
    say("hold", master, name=name, pid=pid)
    record({"type": "opened", "name": name, "pid": pid})


def start_successor():
    say("channel")
    while listen()["type"] != "channel":
        pass
    channel = channels.pop()
    os.set_inheritable(channel, True)
    command = [*sys.orig_argv[: sys.orig_argv.index(mode)], "adopt", "--state-dir", folder, "--keeper-fd", str(channel)]
    child = subprocess.Popen(command, pass_fds=[channel], start_new_session=True)
    os.close(channel)
    record({"type": "successor", "pid": child.pid})


def obey(order):
    kind, number = order.pop("do"), order.pop("number")
    if kind == "say":
        say(**order)
    elif kind == "hold":
        say("hold", fds[order["name"]], **order)
    elif kind == "open":
        open_session(**order)
    elif kind == "type":
        os.write(fds[order["name"]], order["text"].encode())
    elif kind == "read":
        record({"type": "read", "text": os.read(fds[order["name"]], 4096).decode()})
    elif kind == "succeed":
        start_successor()
    elif kind == "spawn":
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fds["handoff"] = ours.detach()
        say("spawn", theirs.fileno(), **order)
    elif kind == "stall":
        try:
            for _ in range(order["times"]):
                say("giveBack")
        except ConnectionError:
            record({"type": "broken"})
        os.kill(os.getpid(), signal.SIGSTOP)
    elif kind == "chatter":
        for _ in range(order["times"]):
            say("taken", pid=1)
    elif kind == "flood":
        keeper.setblocking(False)
        count = 0
        try:
            while True:
                say("hold", 0, name=f"session/flood{count}")
                count += 1
        except BlockingIOError:
            record({"type": "full", "count": count})
        keeper.setblocking(True)
    elif kind == "raw":
        socket.send_fds(keeper, [order["text"].encode()], [0] * order.get("fds", 0))
    elif kind == "exit":
        os._exit(order["code"])
    record({"type": "obeyed", "number": number})


record({"type": "started", "mode": mode, "argv": sys.orig_argv, "pgid": os.getpgid(0), "ppid": os.getppid(), "env": dict(os.environ)})
if mode == "serve":
    if os.path.exists(os.path.join(folder, "crash")):
        sys.stderr.write("the stand-in crashes\n")
        os._exit(3)
    say("giveBack")
    while listen()["type"] != "given":
        pass
    if "lock" not in fds:
        lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            record({"type": "busy"})
            os._exit(0)
        say("hold", lock, name="lock")
        fds["lock"] = lock
    if "listener" not in fds:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.join(folder, "listener"))
        listener.listen()
        fds["listener"] = listener.detach()
        say("hold", fds["listener"], name="listener")
    ready = option("--ready-fd")
    if ready is not None:
        os.write(int(ready), b'{"ready":true}\n')
        os.close(int(ready))
    say("ready")

orders = os.path.join(folder, str(os.getpid()))
os.mkfifo(orders)
fifo = os.open(orders, os.O_RDWR | os.O_NONBLOCK)
record({"type": "obeying"})
pending = b""
while True:
    readable, _, _ = select.select([keeper, fifo], [], [])
    if keeper in readable:
        listen()
    if fifo in readable:
        pending += os.read(fifo, 65536)
        *lines, pending = pending.split(b"\n")
        for line in lines:
            obey(json.loads(line))
