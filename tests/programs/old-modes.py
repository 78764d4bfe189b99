"""Sets modes once, and then draws much without setting them again: so many bytes for each line that it reads."""

import sys

ROWS, COLUMNS = 20, 60

out = sys.stdout.buffer


def draw(size: int, step: int) -> int:
    """Writes lines here and there, in colours, and says how many; the screen is never cleared."""
    drawn = 0
    while size > 0:
        row, column = 3 + step % ROWS, 1 + (step * 7) % COLUMNS
        pen = f"\x1b[{30 + step % 8};{40 + step // 3 % 8}m" if step % 3 else "\x1b[m"
        line = f"\x1b[{row};{column}H{pen}step {step} \u4e16 {'=' * (step % 13)}".encode()
        out.write(line)
        size -= len(line)
        step += 1
        drawn += 1
    out.write(f"\x1b[1;1H\x1b[m{step:8}".encode())
    out.flush()
    return drawn


out.write(b"before\r\n\x1b[?1049h\x1b[?1h\x1b=\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[?7l\x1b[4l\x1b[2;22r\x1b]2;set long ago\x07ready")
out.flush()
steps = 0
for asked in sys.stdin:
    steps += draw(int(asked), steps)
