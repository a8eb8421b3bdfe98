"""Programs that keep a promise on a disk, and programs that break it: disk.c must tell them apart.

    careless.py HOW FOLDER      says every number that it calls safe; ends when the power goes
    careless.py --lost HOW FOLDER SAID   says how many of the numbers 1…SAID are not there

HOW: late, early (a file of lines, synced before or after it is told); over, over-early (one block written in place);
file, file-early (a new file for each number, with and without its folder's sync); rename, rename-early (the same by renaming);
length-early (cut short, told before the sync);
sqlite, sqlite-early (a row for each number, synchronous FULL and OFF).
"""

import os
import sqlite3
import sys


def append(folder, n, early):
    where = os.open(f"{folder}/lines", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if n == 1:
        sync_folder(folder)
    os.write(where, f"{n:07}\n".encode())
    if not early:
        os.fsync(where)
    print(n, flush=True)
    os.fsync(where) if early and n % 7 == 0 else None
    os.close(where)


def over(folder, n, early):
    where = os.open(f"{folder}/block", os.O_RDWR | os.O_CREAT, 0o600)
    if n == 1:
        sync_folder(folder)
    os.pwrite(where, f"{n:07}\n".encode() * 512, 0)
    if not early:
        os.fdatasync(where)
    print(n, flush=True)
    os.fdatasync(where) if early and n % 7 == 0 else None
    os.close(where)


def file(folder, n, early):
    with open(f"{folder}/{n}", "w") as out:
        out.write(str(n))
        out.flush()
        os.fsync(out.fileno())
    if not early or n % 7 == 0:
        sync_folder(folder)
    print(n, flush=True)


def rename(folder, n, early):
    with open(f"{folder}/new", "w") as out:
        out.write(str(n))
        out.flush()
        os.fsync(out.fileno())
    os.rename(f"{folder}/new", f"{folder}/{n}")
    if not early or n % 7 == 0:
        sync_folder(folder)
    print(n, flush=True)


def length(folder, n, early):
    where = os.open(f"{folder}/short", os.O_RDWR | os.O_CREAT, 0o600)
    if n == 1:
        os.write(where, b"x" * 100_000)
        os.fsync(where)
        sync_folder(folder)
    os.ftruncate(where, 100_000 - n)
    if not early or n % 7 == 0:
        os.fsync(where)
    print(n, flush=True)
    os.close(where)


def sqlite(folder, n, early):
    global base
    if n == 1:
        base = sqlite3.connect(f"{folder}/rows.db", isolation_level=None)
        base.execute("PRAGMA journal_mode = WAL")
        base.execute(f"PRAGMA synchronous = {'OFF' if early else 'FULL'}")
        base.execute("PRAGMA wal_autocheckpoint = 20")
        base.execute("CREATE TABLE row (n INTEGER PRIMARY KEY, body TEXT)")
    base.execute("INSERT INTO row VALUES (?, ?)", (n, "x" * 3000))
    print(n, flush=True)


def sync_folder(folder):
    where = os.open(folder, os.O_RDONLY)
    os.fsync(where)
    os.close(where)


def lost(how, folder, said):
    if how == "append":
        with open(f"{folder}/lines", "rb") as lines:
            there = lines.read()
        return sum(there[8 * (n - 1) : 8 * n] != f"{n:07}\n".encode() for n in range(1, said + 1))
    if how == "over":
        with open(f"{folder}/block", "rb") as block:
            # The one after what was told may be half there.
            there = [int(n or 0) for n in block.read().replace(b"\0", b"").split(b"\n")[:-1]]
        return sum(n < said for n in there) if there else said
    if how == "length":
        return int(os.path.getsize(f"{folder}/short") > 100_000 - said)
    if how == "sqlite":
        base = sqlite3.connect(f"{folder}/rows.db")
        try:
            good = base.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            there = base.execute("SELECT count(*) FROM row WHERE n <= ?", (said,)).fetchone()[0]
        except sqlite3.DatabaseError:
            return said
        return said - there if good else said
    there = set(os.listdir(folder))
    return sum(str(n) not in there or open(f"{folder}/{n}").read() != str(n) for n in range(1, said + 1))


if sys.argv[1] == "--lost":
    print(lost(sys.argv[2].removesuffix("-early"), sys.argv[3], int(sys.argv[4])))
else:
    name, early = sys.argv[1].removesuffix("-early"), sys.argv[1].endswith("-early")
    for n in range(1, 5_000):
        globals()[name](sys.argv[2], n, early)
