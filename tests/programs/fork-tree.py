"""fork-tree.py [leave]: starts a family, says "pids A B C …", and waits; with `leave` it then exits with 7.

All of them ignore SIGHUP and SIGTERM. They are, in this order: a child; a grandchild; a child that leads a process
group of its own; a child that leads a session of its own (no terminal); a child of that one.
"""
import os
import signal
import sys

signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
reader, writer = os.pipe()


def stay():
    os.write(writer, b"%d\n" % os.getpid())
    while True:
        signal.pause()


def fork(life):
    if os.fork() == 0:
        life()
        os._exit(0)


def with_child(prepare):
    def life():
        prepare()
        fork(stay)
        stay()

    return life


fork(with_child(lambda: None))
fork(lambda: (os.setpgid(0, 0), stay()))
fork(with_child(os.setsid))
pids = b""
while pids.count(b"\n") < 5:
    pids += os.read(reader, 4096)
os.write(1, b"pids " + pids.replace(b"\n", b" ") + b"end")
if "leave" in sys.argv:
    os._exit(7)
while True:
    signal.pause()
