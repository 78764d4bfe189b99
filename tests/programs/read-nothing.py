"""read-nothing.py: raw mode, says "ready", and never reads its terminal."""
import signal

from terminal_modes import raw, write_all

raw()
write_all(b"ready")
while True:
    signal.pause()
