"""Secrets of a development or test machine: made once, kept beside its databases.

Production never comes here: its settings refuse to start without secrets of their own.
"""

import base64
import json
import os
import secrets
from pathlib import Path


def load(state_dir: Path) -> dict[str, str]:
    """The machine's secrets, made on first use in ``state_dir/secrets.json`` (mode 600)."""
    path = state_dir / "secrets.json"
    if not path.exists():
        _make(path)
    return json.loads(path.read_text())


def _make(path):
    def key():
        return base64.b64encode(secrets.token_bytes(32)).decode()

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"secrets.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    made = {"SECRET_KEY": key(), "FIELD_KEYS": f"1:{key()}", "INDEX_KEY": key()}
    draft.write_text(json.dumps(made))
    try:
        # A hard link fails if another process was first: both then read the same file.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
