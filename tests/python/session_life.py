"""session_life.py PYTHON: a session from beginning to end by the small client; prints what happened as JSON."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from holdfast_client import Client, HoldfastError  # noqa: E402

result = {}
with Client.connect() as client:
    result["protocol"] = client.protocol
    result["daemonPid"] = client.daemon["pid"]
    program = "read line; echo \"got $line\"; head -c 300000 /dev/zero | tr '\\0' x; exit 7"
    session = client.open(["/bin/sh", "-c", program], cwd="/", env={"PATH": os.environ["PATH"], "HOLDFAST_HOME": os.environ["HOLDFAST_HOME"]})
    output = client.subscribe(session["id"], start="start")
    keys = client.open_input(session["id"])
    keys.write("grüße\n".encode())
    keys.wait_done()
    output.wait_exited()
    data = bytes(output.data)
    result["exit"] = output.exit if hasattr(output, "exit") else client.wait(session["id"])["exit"]
    result["head"] = data[:64].decode()
    result["length"] = len(data)
    result["zeros"] = data.count(b"x")
    client.forget(session["id"])
    try:
        client.get(session["id"])
    except HoldfastError as error:
        result["code"] = error.code
    result["left"] = len(client.list())
print(json.dumps(result))
