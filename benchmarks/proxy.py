"""The shipped proxy on this machine: deploy/nginx.conf before hubs on any ports."""

import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent.parent / "deploy" / "nginx.conf"
AROUND = """daemon off; pid {folder}/nginx.pid; error_log stderr warn; worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/default.conf;
}}
"""


@contextmanager
def proxied(ports: Sequence[int]) -> Iterator[str]:
    """The URL of an nginx with the shipped configuration, before hubs on these ports of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own = probe.getsockname()[1]
    servers = "\n".join(f"    server 127.0.0.1:{port};" for port in ports)
    text = re.sub(r"(\s*server \S+:7860;)+", "\n" + servers, DEPLOY.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "nginx.conf").write_text(AROUND.format(folder=folder), encoding="utf-8")
        Path(folder, "default.conf").write_text(
            text.replace("listen 80;", f"listen 127.0.0.1:{own};"), encoding="utf-8"
        )
        process = subprocess.Popen(["nginx", "-p", folder, "-c", f"{folder}/nginx.conf"])
        try:
            until_open(own)
            yield f"http://127.0.0.1:{own}"
        finally:
            process.terminate()
            process.wait(20)


def until_open(port: int) -> None:
    """Wait until something listens."""
    for _ in range(500):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.02)
    raise RuntimeError("nginx did not start")
