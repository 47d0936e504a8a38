"""The process that migrates all databases, one after the other, importing Alembic only once.

Run as `python -m pinstack_local.migration_runner NAME FOLDER URL_VARIABLE ...`, three arguments
for each service; the exit code is 1 after the first failure, and the output names the service.
"""

import runpy
import sys

MODULE = "service_kit.migrations"


def migrate(folder: str, variable: str) -> int:
    """Run service-kit's command as `python -m` does, and return its exit code."""
    sys.argv = [MODULE, "up", "--folder", folder, "--database-url-variable", variable]
    sys.modules.pop(MODULE, None)  # `env.py` has imported it; runpy warns of a second copy
    try:
        runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def main(arguments: list[str]) -> int:
    """Migrate up, in order; stop at the first that fails."""
    for name, folder, variable in zip(*[iter(arguments)] * 3, strict=True):
        print(f"{name}:", flush=True)
        code = migrate(folder, variable)
        if code != 0:
            print(f"migrating {name} failed with exit code {code}", flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
