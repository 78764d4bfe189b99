"""report-signals.py: says "ready", then "got SIGNAL" for each signal that comes; SIGTERM ends it with 9."""
import os
import signal
import sys


def report(number, _):
    os.write(1, b"got %s;" % signal.Signals(number).name.encode())
    if number == signal.SIGTERM:
        sys.exit(9)


for name in ("SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGHUP"):
    signal.signal(getattr(signal, name), report)
os.write(1, b"ready")
while True:
    signal.pause()
