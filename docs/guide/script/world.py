"""A machine for the guide: a network of its own that leads nowhere, and its own /etc, /usr and /var.

The script starts itself again in namespaces of the kernel, as root, so that the commands of the chapters run as they stand
there, whatever else runs on this machine, and leave nothing behind.
"""
import os
import pathlib
import subprocess
import sys

import standin

SITE = "classify.example.org"


def enter():
    """Goes on in namespaces, in a new process."""
    if os.environ.get("WINNOW_GUIDE") == "inside":
        return
    if os.geteuid() != 0:
        raise SystemExit("guide: needs root, for a network and folders of its own (unshare)")
    os.environ["WINNOW_GUIDE"] = "inside"
    os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "--propagation",
                          "private", sys.executable, *sys.argv])


def shell(command):
    done = subprocess.run(command, shell=True, text=True, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"guide: {command}\n{done.stdout}{done.stderr}")


def lay_over(folder, target):
    """From now on what is written below target is written into this folder, and seen by us alone."""
    upper, work = folder / "changed" / target.strip("/"), folder / "work" / target.strip("/")
    upper.mkdir(parents=True)
    work.mkdir(parents=True)
    shell(f"mount -t overlay overlay -o lowerdir={target},upperdir={upper},workdir={work} {target}")


def set_up(folder):
    """Names, addresses, certificates; folder: an empty one for all of it."""
    shell("ip link set lo up")
    names = ["127.0.0.1 localhost", f"127.0.0.1 {SITE}"]
    names += [f"{address} {name}" for name, address in standin.HOSTS.items()]
    for target in ("/etc", "/usr", "/var"):
        lay_over(folder, target)
    shell("mount -t tmpfs tmpfs /run")
    pathlib.Path("/etc/hosts").write_text("\n".join(names) + "\n")
    # An authority that this machine trusts for as long as the script runs.
    also = ",".join(f"DNS:{name}" for name in standin.HOSTS)
    shell(f"""cd {folder}
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=stand-in \
        -addext subjectAltName={also} -keyout standin.key -out standin.pem 2>/dev/null
      cat standin.pem >> /etc/ssl/certs/ca-certificates.crt
      rm -rf /etc/nginx/sites-enabled/* /etc/letsencrypt""")


def connect(folder, photographs):
    """The stand-in for the internet: a neighbour on a wire, with a network of its own."""
    process = subprocess.Popen(["unshare", "--net", sys.executable, standin.__file__, photographs, folder / "standin.pem",
                                folder / "standin.key"], stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "ready\n":
        raise SystemExit("guide: the stand-in does not start")
    addresses = " ".join(f"&& ip address add {address}/32 dev internet" for address in standin.HOSTS.values())
    shell(f"""set -e
      ip link add wire type veth peer name internet
      ip link set internet netns {process.pid}
      ip address add 10.0.0.1/24 dev wire
      ip link set wire up
      nsenter --net --target {process.pid} sh -c 'ip link set internet up && ip address add 10.0.0.2/24 dev internet {addresses}'
      ip route add default via 10.0.0.2""")
    return process
