"""write-and-exit.py BYTES CODE|SIGNAL: writes so many bytes at once, and ends at once.

The bytes are numbered blocks of eight digits, so that a lost, repeated or moved one shows.
"""
import os
import resource
import signal
import sys

count = int(sys.argv[1])
data = b"".join(b"%08d" % block for block in range(count // 8 + 1))[:count]
view = memoryview(data)
while view:
    view = view[os.write(1, view):]
how = sys.argv[2]
if how.isdigit():
    os._exit(int(how))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
number = getattr(signal, how)
if number not in (signal.SIGKILL, signal.SIGSTOP):
    # Python ignores some.
    signal.signal(number, signal.SIG_DFL)
os.kill(os.getpid(), number)
