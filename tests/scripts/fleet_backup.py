"""Backup and restore, with the commands of docs/operating/backup.md."""
import contextlib
import shutil
import sqlite3
import subprocess

import portal_users
from fleet_parts import SITE
from peers import Program, free_port, status_of

BUCKET = "winnow"


def copy_bucket(s3, folder):
    """Adds what is not in the copy yet, and removes nothing. Objects go with their metadata: without the hash in it
    winnow-serve does not read them."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for entry in page.get("Contents", []):
            file = folder / entry["Key"]
            if file.exists():
                continue
            with contextlib.suppress(s3.exceptions.NoSuchKey):  # removed since the list
                found = s3.get_object(Bucket=BUCKET, Key=entry["Key"])
                file.parent.mkdir(parents=True, exist_ok=True)
                file.with_name(file.name + ".sha256").write_text(found["Metadata"]["sha256"])
                file.write_bytes(found["Body"].read())


def fill_bucket(s3, folder):
    for file in folder.rglob("*"):
        if file.is_file() and file.suffix != ".sha256":
            s3.put_object(Bucket=BUCKET, Key=str(file.relative_to(folder)), Body=file.read_bytes(),
                          Metadata={"sha256": file.with_name(file.name + ".sha256").read_text()})


def back_up(fleet, folder):
    """While everything goes on. Of a job that was accepted before, the dump names either the upload, which the first copy
    has, or the results, which one of the two has."""
    folder.mkdir()
    copy_bucket(fleet.s3(), folder / "objects")
    subprocess.run([fleet.postgres.programs / "pg_dump", "--format=custom", "--file", folder / "winnow.dump",
                    fleet.postgres.address], check=True)
    copy_bucket(fleet.s3(), folder / "objects")
    return folder


def restore(fleet, folder):
    """Into what is empty, before any winnow-serve has made its tables."""
    subprocess.run([fleet.postgres.programs / "pg_restore", "--exit-on-error", "--dbname", fleet.postgres.address,
                    folder / "winnow.dump"], check=True)
    fill_bucket(fleet.s3(), folder / "objects")


def check_restored(fleet, users, known):
    """Everybody signs in as before, old tokens are good, and each job that had been accepted has its results."""
    for user in users:
        user.client = portal_users.Client([web.port for web in fleet.webs], "198.51.100.1")
        user.client.headers["Host"] = SITE
        user.sign_in()
        user.jobs = known[user.email]
    portal_users.settle("done in the restored fleet", 300, users, lambda user, job: job["state"] == "done")
    portal_users.check_results(users)


def try_one_machine(arguments, folder, log, photo):
    """SQLite and a folder: the same, with hard links for a copy, since no object is ever written twice."""
    folder.mkdir()

    def start(data):
        port = free_port()
        program = Program("winnow-serve", [arguments.bin / "winnow-serve", arguments.model, "--no-cache", "--quiet",
                                           "--free-upload", "2000000", "--listen", f"127.0.0.1:{port}", "--data", data],
                          log, lambda: status_of(port, "/readyz") == 200)
        program.wait_ready()
        return program, portal_users.Client([port], "198.51.100.1")

    data, copy = folder / "data", folder / "copy"
    process, client = start(data)
    user = portal_users.User(client, 1, photo)
    for _ in range(5):
        user.upload()
    copy.mkdir()
    subprocess.run(["cp", "-al", data / "objects", copy / "objects"], check=True)
    with contextlib.closing(sqlite3.connect(data / "jobs.db")) as database:
        database.execute("VACUUM INTO ?", [str(copy / "jobs.db")])
    subprocess.run(["cp", "-al", f"{data}/objects/.", copy / "objects"], check=True)
    process.stop()
    shutil.rmtree(data)
    process, user.client = start(copy)
    user.sign_in()
    portal_users.settle("done on the restored machine", 300, [user], lambda _, job: job["state"] == "done")
    portal_users.check_results([user])
    process.stop()
    return len(user.jobs)
