"""What goes wrong around a build: in one sentence that says what it is and what to do.

Only the standard library is used: `environment` runs before anything is installed.
"""

import errno
import fcntl
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NOT_YOURS = (errno.EACCES, errno.EPERM, errno.EROFS)
# How another program, as Sphinx, says that there is no room.
NO_ROOM_WORDS = [os.strerror(number) for number in NO_ROOM]
AGAIN = "then run the same command again; what was finished is kept"


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """End the program with a sentence where a file cannot be written, or the reader stops it."""
    try:
        yield
    except OSError as error:
        sys.exit(sentence(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run the same command again to go on; what was finished is kept.")


def sentence(error: OSError) -> str:
    """Say what is wrong with a file or its disk, and what to do."""
    where = error.filename or "A file"
    if error.errno in NO_ROOM:
        return no_room(where)
    if error.errno in NOT_YOURS:
        return f"{where} cannot be written ({error.strerror}): make its folder writable, {AGAIN}."
    return f"{where}: {error.strerror or error}. Put that right, {AGAIN}."


def no_room(where) -> str:
    """Say that the disk is full, and how much of it is free."""
    free = shutil.disk_usage(Path.cwd()).free / 1e6
    return (
        f"{where} could not be written, the disk is full ({free:.0f} MB free): make room, {AGAIN}."
    )


@contextmanager
def alone(folder: Path, what: str) -> Iterator[int]:
    """Wait, and say so, until no other program does this in a folder; the handle of the lock.

    The system lets go when the program ends, however it ends, and the children that were given the
    handle (``pass_fds``) have ended too.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Another program {what} in this folder; waiting until it has ended.", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def end_with(parent: int) -> None:
    """End this program when its parent is gone, even if that was killed."""

    def wait():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
