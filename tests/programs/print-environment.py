"""print-environment.py: one JSON document about what the program was given, between lines of "=====" """
import json
import os
import resource
import sys

status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
umask = os.umask(0)
os.umask(umask)
fds = []
for fd in range(0, 256):
    try:
        fds.append([fd, os.readlink("/proc/self/fd/%d" % fd)])
    except OSError:
        pass
environment = [entry for entry in open("/proc/self/environ", "rb").read().split(b"\0") if entry]
document = {
    "argv": sys.argv,
    "cwd": os.getcwd(),
    "env": dict(entry.decode("utf8", "replace").split("=", 1) for entry in environment),
    "umask": umask,
    "openFiles": resource.getrlimit(resource.RLIMIT_NOFILE),
    "blocked": int(status["SigBlk"], 16),
    "ignored": int(status["SigIgn"], 16),
    "pid": os.getpid(),
    "session": os.getsid(0),
    "group": os.getpgrp(),
    "foreground": os.tcgetpgrp(0),
    "terminals": [os.ttyname(fd) for fd in (0, 1, 2)],
    "controlling": os.ttyname(os.open("/dev/tty", os.O_RDWR)),
    "size": list(os.get_terminal_size(0)),
    "fds": fds,
    "parentsAreDaemon": os.getppid(),
}
print("=====" + json.dumps(document) + "=====", flush=True)
