"""write-pieces.py FILE BYTES: says that it is ready, and then writes the next so many bytes of the file for each ctrl-a that is typed."""
import os
import sys

from terminal_modes import raw, write_all

raw()
with open(sys.argv[1], "rb") as file:
    write_all(b"ready")
    while typed := os.read(0, 1):
        # What the file has in it of queries is answered, too.
        if typed == b"\x01":
            write_all(file.read(int(sys.argv[2])))
