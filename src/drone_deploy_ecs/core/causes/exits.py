"""What a container's exit code says of a stopped task, where no reason of ECS's says more."""

from __future__ import annotations

from drone_deploy_ecs.core.causes.known import Known, Weight
from drone_deploy_ecs.core.causes.tasks import named

ENDED = Known("ended", Weight.REPEATING, "", "the container ended by itself, without an error",
              "Keep its main program in the foreground: a service's essential container must not end")  # fmt: skip
EXITED = Known("exited", Weight.REPEATING, "", "the container exited by itself",
               "Read the container's log; run the image with the same environment")  # fmt: skip
ABORTED = Known("aborted", Weight.REPEATING, "", "the container aborted (SIGABRT)", "Read the last lines of its log: an assertion or the allocator gave up")  # fmt: skip
SEGFAULT = Known("segfault", Weight.REPEATING, "", "the container crashed (SIGSEGV)", "Look for a native library of another platform")  # fmt: skip
TERMINATED = Known("terminated", Weight.REPEATING, "", "the container was told to end (SIGTERM)",
                   "Look for what stopped it: another container, or its own supervisor")  # fmt: skip
# 126 and 127 by the convention of shells, 128 + n for signal n, NTSTATUS on Windows.
EXIT_CODE_CAUSES: dict[int, Known] = {
    0: ENDED,
    # Unlike 127 this may be a file that was mounted, from a host or a volume.
    126: Known("exited-126", Weight.REPEATING, "", "the container's command may not be executed", "Check its executable bit, in the image or in what is mounted over it"),
    127: named("command-not-found"),
    134: ABORTED,
    137: Known("killed", Weight.REPEATING, "", "the container was killed (SIGKILL: often out of memory)",
               "Compare its memory limit with what it takes; look at its stop time-out"),
    139: SEGFAULT,
    143: TERMINATED,
    # Also what the engine gives when it lost the container.
    255: Known("exited-255", Weight.REPEATING, "", "the container exited with -1, or its engine lost it",
               "Read the container's log; on EC2 look whether Docker restarted on the host"),
    0xC0000005: SEGFAULT,
    0xC000013A: TERMINATED,
    0xC0000135: Known("library-missing", Weight.REPEATING, "", "a DLL that the container's program needs isn't in the image",
                      "Install it in the image: often the Visual C++ runtime, or a feature that the base image lacks"),
    0xC0000409: ABORTED,
    0xE0434352: Known("dotnet-exception", Weight.REPEATING, "", "an unhandled .NET exception ended the container", "Read the container's log for its stack trace"),
}  # fmt: skip
"""By unsigned code: ECS shows Windows' as signed ones, too."""
# TRANSIENT: where nothing is said, nothing is proven.
UNEXPLAINED = Known("unexplained", Weight.TRANSIENT, "", "a task stopped, and ECS doesn't say why",
                    "Look at the task in the ECS console within the hour")  # fmt: skip
