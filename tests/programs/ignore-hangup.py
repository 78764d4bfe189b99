"""ignore-hangup.py: ignores every signal that can be ignored, says "ready", and stays."""
import os
import signal

for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGPIPE", "SIGUSR1"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
os.write(1, b"ready")
while True:
    signal.pause()
