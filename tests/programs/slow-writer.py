"""slow-writer.py MS [LINES]: one numbered line of 16 bytes each MS milliseconds."""
import sys
import time

from terminal_modes import raw, write_all

raw()
last = int(sys.argv[2]) if len(sys.argv) > 2 else None
line = 0
while last is None or line < last:
    write_all(b"%015d\n" % line)
    line += 1
    time.sleep(int(sys.argv[1]) / 1000)
