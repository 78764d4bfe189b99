"""slow-digest.py BYTES GATE...: raw mode, says "ready;", reads so many bytes, at most 4 KiB each 2 ms.

After every 128 KiB it says "at N;" and waits at the next gate, a named pipe, if there is one left. At the end it says
"sum HEX;": the SHA-256 of what was typed.
"""
import hashlib
import os
import sys
import time

from terminal_modes import raw, write_all

MARK = 128 * 1024

raw()
write_all(b"ready;")
total, gates = int(sys.argv[1]), sys.argv[2:]
digest = hashlib.sha256()
count = 0
while count < total:
    data = os.read(0, min(4096, total - count, MARK - count % MARK))
    if not data:
        sys.exit(1)
    digest.update(data)
    count += len(data)
    if count % MARK == 0:
        write_all(b"at %d;" % (count // MARK))
        if gates:
            open(gates.pop(0)).read()
    time.sleep(0.002)
write_all(b"sum %s;" % digest.hexdigest().encode())
