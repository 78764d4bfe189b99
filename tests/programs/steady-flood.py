"""steady-flood.py: numbered lines of 16 bytes, about 500 KB of them a second: a rate that a browser can show."""
import time

from terminal_modes import raw, write_all

LINES_AT_ONCE = 160

raw()
line = 0
while True:
    write_all(b"".join(b"%015d\n" % number for number in range(line, line + LINES_AT_ONCE)))
    line += LINES_AT_ONCE
    time.sleep(0.005)
