"""tampering-successor.py: a successor that lets a real one take over, but not what the predecessor has handed over.

It is run as `python -X node=NODE -X entry=DAEMON -X change=CHANGE tampering-successor.py adopt … --channel-fd 3`, and passes
messages on between descriptor 3 and the real one, with the snapshot changed as CHANGE names; with `nothing` the real one may
serve. With `-X preview=no` the predecessor is not told that the real one takes a preview, with `-X schema=N` that it reads
snapshots of another schema. With `-X forbidden=HEX` it ends where these bytes stand anywhere in what is handed over, as
the request with its arguments is.
"""
import json
import os
import select
import socket
import stat
import subprocess
import sys

LIMIT = 65536
change = sys._xoptions["change"]
predecessor = socket.socket(fileno=3)
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
channel = theirs.fileno()
command = [sys._xoptions["node"], sys._xoptions["entry"], *sys.argv[1:-1], str(channel)]
real = subprocess.Popen(command, pass_fds=[channel], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
theirs.close()


def swap(one, key, other, other_key):
    one[key], other[other_key] = other[other_key], one[key]


def tampered(snapshot):
    sessions = snapshot["sessions"]
    if change == "schema":
        snapshot["schema"] = 99
    elif change == "masters":
        swap(sessions[0], "firstFd", sessions[1], "firstFd")
    elif change == "pidfds":
        between = sessions[1]["firstFd"] - sessions[0]["firstFd"]
        program = sessions[1]["session"]["program"]
        sessions[0]["session"]["program"]["pidfd"] = between + program["pidfd"]
    elif change == "place":
        swap(sessions[1], "previewed", sessions[2], "previewed")
    elif change == "unknown":
        sessions[1]["previewed"] = 9999
    elif change == "twice":
        connections = snapshot["connections"]
        connections[1]["socket"] = connections[0]["socket"]
    elif change == "listener":
        swap(snapshot, "listener", snapshot["connections"][0], "socket")
    elif change == "lock":
        swap(snapshot, "lock", sessions[0], "firstFd")
    elif change == "missing":
        sessions[0]["firstFd"] = 9999
    elif change == "shape":
        del sessions[0]["session"]["state"]["pid"]
    elif change == "time":
        snapshot["frozenAtNs"] = "just now"


def rewritten(message, fds):
    text = os.pread(fds[0], message["bytes"], 0)
    snapshot = json.loads(text)
    tampered(snapshot)
    text = json.dumps(snapshot).encode()
    memory = os.memfd_create("tampered")
    os.write(memory, text)
    return {**message, "bytes": len(text)}, [memory, *fds[1:]]


def holds(fds, text):
    files = [(fd, os.fstat(fd)) for fd in fds]
    return any(text in os.pread(fd, file.st_size, 0) for fd, file in files if stat.S_ISREG(file.st_mode))


while True:
    ready, _, _ = select.select([predecessor, ours], [], [])
    for side in ready:
        data, fds, _, _ = socket.recv_fds(side, LIMIT, 253)
        if not data:
            if change == "nothing":
                sys.exit(0)
            ours.close()
            real.wait()
            sys.exit(5)
        if "forbidden" in sys._xoptions and holds(fds, bytes.fromhex(sys._xoptions["forbidden"])):
            sys.exit("what is forbidden is handed over")
        message = json.loads(data)
        if message["type"] == "commit" and fds:
            sys.exit("descriptors come with the commit")
        if message["type"] == "ready" and sys._xoptions.get("preview") == "no":
            del message["takesPreview"]
        if message["type"] == "ready" and "schema" in sys._xoptions:
            message["schemas"] = [int(sys._xoptions["schema"])]
        if message["type"] == "snapshot" and change != "nothing":
            message, fds = rewritten(message, fds)
        other = ours if side is predecessor else predecessor
        socket.send_fds(other, [json.dumps(message).encode()], fds)
        for fd in fds:
            os.close(fd)
