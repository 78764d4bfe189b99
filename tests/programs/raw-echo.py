"""raw-echo.py BYTES [FILE]: raw mode, says "ready", copies exactly so many bytes from stdin to stdout, ends with 0.

What it reads goes to FILE before it is copied.
"""
import os
import sys

from terminal_modes import raw, write_all

read = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if len(sys.argv) > 2 else None
raw()
write_all(b"ready")
left = int(sys.argv[1])
while left:
    data = os.read(0, min(65536, left))
    if not data:
        sys.exit(1)
    if read is not None:
        os.write(read, data)
    write_all(data)
    left -= len(data)
