"""fork-chain.py LOCK [obey]: a chain in which each child takes over from its parent at once, until it is killed, or 20 s are over.

A list of processes is always out of date about it. All of the chain hold a lock of the file LOCK, which is free when
none of it is left, whoever looks. It ignores SIGHUP; the program itself says "ready" and waits, and with `obey` it ends
by SIGHUP.
"""
import fcntl
import os
import signal
import sys
import time

LIFE_S = 20
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(lock, fcntl.LOCK_EX)
until = time.monotonic() + LIFE_S
obeyed = signal.SIG_DFL if "obey" in sys.argv else signal.SIG_IGN
signal.signal(signal.SIGHUP, signal.SIG_IGN)
if os.fork() == 0:
    while time.monotonic() < until:
        if os.fork() != 0:
            os._exit(0)
    os._exit(0)
os.close(lock)
signal.signal(signal.SIGHUP, obeyed)
os.write(1, b"ready")
signal.alarm(LIFE_S)
while True:
    signal.pause()
