"""connect-as.py UID SOCKET HEX: becomes that user, connects, sends the bytes, prints what came back in hex, or the error."""
import os
import socket
import sys

os.setgid(int(sys.argv[1]))
os.setgroups([])
os.setuid(int(sys.argv[1]))
client = socket.socket(socket.AF_UNIX)
client.settimeout(5)
try:
    client.connect(sys.argv[2])
    client.sendall(bytes.fromhex(sys.argv[3]))
    received = b""
    while True:
        more = client.recv(4096)
        if not more:
            break
        received += more
    print("closed after " + received.hex())
except OSError as error:
    print(type(error).__name__)
