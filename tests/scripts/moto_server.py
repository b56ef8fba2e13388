"""Amazon's S3 as moto imitates it, on a free port of the loopback interface; everything is in memory.

    moto_server.py BUCKET
"""

import sys
import time
import urllib.request

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
port = server.get_host_and_port()[1]
urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/{sys.argv[1]}", method="PUT")).close()
print("listening on", port, file=sys.stderr, flush=True)
while True:
    time.sleep(3600)
