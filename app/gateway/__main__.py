"""``python -m nexdeck.app.gateway``: parses the options, takes what it needs, and serves until it is told to end."""

import argparse
import ipaddress
import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from nexdeck.app.gateway.llm.prices import Prices

TOKEN_VARIABLE = "NEXDECK_GATEWAY_TOKEN"
LLM_HOSTS_VARIABLE = "NEXDECK_LLM_ALLOWED_HOSTS"
OTLP_VARIABLE = "NEXDECK_OTLP_ENDPOINT"
NO_TOKEN, NO_ADDRESS, NO_DATA_DIR, BAD_OPTION = 3, 4, 5, 2
EXIT_CODES = "exit codes: 0 ended as told, 2 wrong option, 3 no usable token, 4 address in use, 5 data folder unusable"


class CannotStart(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code; see EXIT_CODES."""
    options = _parser().parse_args(argv)
    try:
        code = _serve(options)
    except CannotStart as error:
        print(f"nexdeck gateway: {error}", file=sys.stderr)
        return error.code
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        # Threads of agents that never end cannot be waited for, which is what a normal exit would do.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("nexdeck gateway", description="Serves deployed agents.", epilog=EXIT_CODES)
    parser.add_argument("--name", default="local", help="how it calls itself in its own log (default: local)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8401, help="port to listen on (default: 8401)")
    parser.add_argument("--data-dir", type=Path, required=True, help="folder for the deployed artifacts")
    parser.add_argument("--token-file", type=Path, help=f"file with the control token (else: {TOKEN_VARIABLE})")
    parser.add_argument("--allow-remote", action="store_true", help="permit an address that is not loopback")
    parser.add_argument("--tls-cert", type=Path, help="serve HTTPS with this certificate chain (PEM)")
    parser.add_argument("--tls-key", type=Path, help="its private key (PEM, without a password)")
    parser.add_argument(
        "--tls-self-signed", action="store_true", help="serve HTTPS with a certificate made and kept in the data folder"
    )
    parser.add_argument("--allow-plain-http", action="store_true", help="permit --allow-remote without TLS")
    parser.add_argument("--allowed-hosts", default="", help="further names for the Host header, by comma")
    parser.add_argument("--allowed-origins", default="", help="web origins that may call, by comma")
    parser.add_argument(
        "--llm-allowed-hosts",
        default=os.environ.get(LLM_HOSTS_VARIABLE, ""),
        help=f"private model hosts that agents may reach, host or host:port, by comma (else: {LLM_HOSTS_VARIABLE})",
    )
    parser.add_argument(
        "--otlp-endpoint",
        default=os.environ.get(OTLP_VARIABLE, ""),
        help=f"OTLP/HTTP collector that traces are sent to, e.g. http://127.0.0.1:4318 (else: {OTLP_VARIABLE})",
    )
    parser.add_argument(
        "--llm-prices",
        default="",
        type=_prices,
        help="what a million tokens cost, MODEL=IN/OUT by comma: for the estimated cost among the metrics",
    )
    levels = ["DEBUG", "INFO", "WARNING", "ERROR"]
    parser.add_argument("--log-level", default="INFO", type=str.upper, choices=levels, help="of the process's own log")
    return parser


def _serve(options: argparse.Namespace) -> int:
    if not (options.allow_remote or _is_loopback(options.host)):
        raise CannotStart(BAD_OPTION, f"--host {options.host} is not loopback; give --allow-remote if that is meant.")
    _check_tls(options)
    if options.otlp_endpoint and not options.otlp_endpoint.startswith(("http://", "https://")):
        raise CannotStart(BAD_OPTION, f"--otlp-endpoint {options.otlp_endpoint!r} is no http:// or https:// address.")
    token = _token(options.token_file)
    certificate = _certificate(options)
    listener = _listen(options.host, options.port)
    # Agents run in this process: what is Nexdeck's own must not be in the environment that they see.
    for name in [name for name in os.environ if name.startswith("NEXDECK_")]:
        del os.environ[name]
    # after the quick checks, so that their messages come at once
    from nexdeck.app.gateway.ground.store import DataDirInUse
    from nexdeck.app.gateway.process import serve

    try:
        return serve(options, token, listener, certificate)
    except ValueError as error:
        raise CannotStart(BAD_OPTION, f"--llm-allowed-hosts: {error}.") from error
    except DataDirInUse as error:
        raise CannotStart(NO_DATA_DIR, f"another gateway is using {options.data_dir}.") from error
    except OSError as error:
        raise CannotStart(NO_DATA_DIR, f"{options.data_dir} cannot be used: {error.strerror}.") from error


def _check_tls(options: argparse.Namespace) -> None:
    if (options.tls_cert is None) is not (options.tls_key is None):
        raise CannotStart(BAD_OPTION, "--tls-cert and --tls-key belong together; give both.")
    if options.tls_cert and options.tls_self_signed:
        raise CannotStart(BAD_OPTION, "give either --tls-cert with --tls-key, or --tls-self-signed.")
    encrypted = options.tls_cert or options.tls_self_signed or options.allow_plain_http
    if not (encrypted or _is_loopback(options.host)):
        raise CannotStart(
            BAD_OPTION,
            f"on {options.host} the token and the agents' secrets would travel in clear text; give --tls-self-signed, "
            "or --tls-cert and --tls-key (or --allow-plain-http, where something else encrypts).",
        )


def _certificate(options: argparse.Namespace):
    if not (options.tls_cert or options.tls_self_signed):
        return None
    from nexdeck.app.gateway.certificate import given, self_signed  # importing cryptography takes a while

    try:
        if options.tls_cert:
            return given(options.tls_cert, options.tls_key)
        named = {name.strip().lower().rsplit(":", 1)[0] for name in options.allowed_hosts.split(",") if name.strip()}
        return self_signed(options.data_dir, named | ({options.host} - {"0.0.0.0", "::"}))
    except ValueError as error:
        raise CannotStart(BAD_OPTION, f"{error}.") from error
    except OSError as error:
        raise CannotStart(NO_DATA_DIR, f"{options.data_dir} cannot be used: {error.strerror}.") from error


def _token(file: Path | None) -> str:
    if file is None:
        token = os.environ.get(TOKEN_VARIABLE, "")
        if not token.strip():
            raise CannotStart(NO_TOKEN, f"no control token: give --token-file or set {TOKEN_VARIABLE}.")
        return token.strip()
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(NO_TOKEN, f"the token file {file} cannot be read: {error}.") from error
    if not token:
        raise CannotStart(NO_TOKEN, f"the token file {file} is empty.")
    return token


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        raise CannotStart(NO_ADDRESS, f"cannot listen on {host} port {port}: {error}.") from error


def _prices(listed: str) -> str:
    """Raises ArgumentTypeError for what are no prices."""
    try:
        Prices(listed)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return listed


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    sys.exit(main())
