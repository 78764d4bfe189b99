"""eat-memory.py: says "ready", and takes more and more memory once something is typed."""
import sys

print("ready", flush=True)
sys.stdin.readline()
eaten = []
while True:
    eaten.append(bytearray(1024 * 1024))
