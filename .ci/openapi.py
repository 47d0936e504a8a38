"""Writes api-gateway/openapi.json from the gateway's declarations; `--check` fails on drift."""

import json
import sys
from pathlib import Path

from api_gateway.adapters.http.catalogue import whole_document

TARGET = Path(__file__).resolve().parents[1] / "api-gateway" / "openapi.json"


def main() -> int:
    """Write the file, or compare it; returns the exit code."""
    text = json.dumps(whole_document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print("api-gateway/openapi.json is out of date: run `make openapi`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
