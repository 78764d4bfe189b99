"""raw-echo.py BYTES: raw mode, says "ready", copies exactly so many bytes from stdin to stdout, ends with 0."""
import os
import sys

from terminal_modes import raw, write_all

raw()
write_all(b"ready")
left = int(sys.argv[1])
while left:
    data = os.read(0, min(65536, left))
    if not data:
        sys.exit(1)
    write_all(data)
    left -= len(data)
