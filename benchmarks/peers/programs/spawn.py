"""Run one command and print what the kernel charged for it, as JSON. Imports little on purpose.

Peak memory is inherited across fork and exec, so a command started by a large process seems as
large as that. This process is small; it stands between.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time


def main() -> None:
    """``spawn.py ORDER``: the order is JSON with command, cores, seconds, folder, environment."""
    order = json.loads(sys.argv[1])
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        become(order)
    status, usage = watch(child, order["seconds"])
    print(
        json.dumps(
            {
                "user": usage.ru_utime,
                "system": usage.ru_stime,
                "wall": time.monotonic() - began,
                "peak_kib": usage.ru_maxrss,
                "status": status,
            }
        )
    )


def become(order: dict[str, object]) -> None:
    """Turn this forked process into the command: its own group, pinned, silent."""
    try:
        os.setsid()
        os.sched_setaffinity(0, order["cores"])  # type: ignore[arg-type]  # JSON has no types
        os.chdir(str(order["folder"]))
        for name, stream in (("/dev/null", 0), ("stdout", 1), ("stderr", 2)):
            flags = os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(name, flags, 0o600), stream)
        command = order["command"]
        os.execvpe(command[0], command, order["environment"])  # type: ignore[index,arg-type]  # noqa: S606 - no shell wanted
    except OSError as error:
        os.write(2, f"cannot be started: {error}\n".encode())
    finally:
        os._exit(127)


def watch(child: int, seconds: float) -> tuple[int, os.struct_rusage]:  # type: ignore[name-defined]
    """Wait for the command; end its whole group at the time bound."""
    late = False

    def end(_signal: int, _frame: object) -> None:
        nonlocal late
        late = True
        os.killpg(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _, status, usage = os.wait4(child, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    code = os.waitstatus_to_exitcode(status)
    return (-1 if late else code if code >= 0 else 128 - code), usage


if __name__ == "__main__":
    main()
