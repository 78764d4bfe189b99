"""summed-lines.py MS: raw mode, numbered lines of 16 bytes, one each MS milliseconds (0: as fast as they are taken).

When something is typed it writes "sum HEX", the SHA-256 of all lines, and ends with 0.
"""
import hashlib
import select
import sys
import time

from terminal_modes import raw, write_all

LINES_AT_ONCE = 4096

raw()
pause = int(sys.argv[1]) / 1000
digest = hashlib.sha256()
line = 0
while not select.select([0], [], [], 0)[0]:
    count = 1 if pause else LINES_AT_ONCE
    data = b"".join(b"%015d\n" % number for number in range(line, line + count))
    write_all(data)
    digest.update(data)
    line += count
    time.sleep(pause)
write_all(b"sum %s" % digest.hexdigest().encode())
