"""Becomes the command it is given, after arranging what must be arranged inside the child.

It is run by path, as `python -I -S launcher.py PARENT_PID DEATH_SIGNAL UID GID command...`, and
replaces itself by the command: the process id stays. It exists because the same work in a
`preexec_fn` forces a fork of a parent that may have threads (pytest with gRPC loaded).
"""

import ctypes
import os
import sys

# linux/prctl.h and linux/capability.h
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1


class CapabilityHeader(ctypes.Structure):
    """`cap_user_header_t`."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class CapabilityData(ctypes.Structure):
    """`cap_user_data_t`; version 3 takes two of them."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def become(uid: int, gid: int) -> None:
    """Give up root but, on Linux, keep the right to pass through any folder.

    PostgreSQL refuses user id 0, while its binaries and its data often lie below a folder that
    only root may enter. Keeping CAP_DAC_OVERRIDE leaves the modes of those folders alone. Where
    the container withholds the capability, the folders must be open to everyone.
    """
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if libc is not None:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid) if hasattr(os, "setresgid") else os.setgid(gid)
    os.setresuid(uid, uid, uid) if hasattr(os, "setresuid") else os.setuid(uid)
    if libc is not None:
        bit = 1 << CAP_DAC_OVERRIDE
        data = (CapabilityData * 2)(CapabilityData(bit, bit, bit))
        header = CapabilityHeader(CAPABILITY_VERSION_3, 0)
        if libc.capset(ctypes.byref(header), data) == 0:
            libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def die_with(parent: int, death_signal: int) -> None:
    """Ask Linux for `death_signal` when the parent ends; a change of user would forget it."""
    if sys.platform != "linux" or death_signal == 0:
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def main(arguments: list[str]) -> None:
    """Arrange user and death signal, then become the command; 127 if there is no such program."""
    parent, death_signal, uid, gid = (int(number) for number in arguments[:4])
    command = arguments[4:]
    if uid > 0:
        become(uid, gid)
    die_with(parent, death_signal)
    try:
        os.execvp(command[0], command)  # noqa: S606 -- becoming a program is its purpose
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
