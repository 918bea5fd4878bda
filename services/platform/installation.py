"""The name by which this Nexdeck makes itself known to gateways."""

import os
import re
import secrets
import socket
from contextlib import suppress
from pathlib import Path


def installation_id(file: Path) -> str:
    """The machine's name and something random, made at the first start and kept in ``file``."""
    machine = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())[:40]
    with suppress(FileExistsError), os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as text:
        text.write(f"{machine}-{secrets.token_hex(4)}")
    return file.read_text().strip()
