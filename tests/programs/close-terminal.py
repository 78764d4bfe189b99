"""close-terminal.py: lets go of its terminal, lives on, and when it is signalled (SIGUSR1) opens it again and echoes."""
import os
import signal

name = os.ttyname(0)
os.write(1, b"closing")
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGUSR1, lambda *_: None)
for fd in (0, 1, 2):
    os.close(fd)
signal.pause()
terminal = os.open(name, os.O_RDWR)
os.write(terminal, b"opened")
while True:
    os.write(terminal, b"read " + os.read(terminal, 4096))
