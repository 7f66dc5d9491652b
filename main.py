"""The command line. Each command is one small function; what it does lives in the rooms."""

import argparse
import asyncio
import http.client
import os
import signal
import sys
import threading
import time

from api import imports
from api.command import database_url, declaring, grouping, operate, servers
from api.doctor import examine
from api.operator_commands import declare_operator
from api.server import PortInUseError, listen, run, stop_with_parent
from embedded_place import EmbeddedError
from logs import configure
from models.database import migrate
from models.refusal import Refusal
from schema.file import SCHEMA_FILE, is_current, schema_text
from settings import Settings, SettingsError, load_settings, publish

EXIT_UNUSABLE = 2
_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - said to a person, not bound


def serve(arguments: argparse.Namespace) -> None:
    """Run the shop: servers, migrations, HTTP; say how to reach it; stop all of it at the end."""
    settings = load_settings(port=arguments.port, workers=arguments.workers)
    if arguments.stop_with_parent:
        stop_with_parent(os.getppid())
    with listen(settings) as door, servers(settings, exclusive=True) as ready:
        asyncio.run(migrate(database_url(ready)))
        if not ready.is_production:
            asyncio.run(operate(imports.demo_when_empty, ready, arguments))
        publish(ready)
        threading.Thread(target=announce, args=(ready,), daemon=True).start()
        run(ready, door)


FIRST_QUERY = '{"query": "{ shop { name } products(first: 3) { nodes { title priceRange { min { amount } } } } }"}'
"""Printed at the start to paste into curl; the README shows the same with its answer."""


def serve_wechat(arguments: argparse.Namespace) -> None:
    """Run the sandbox's WeChat alone, for shops whose WECHAT_SANDBOX_URL names it."""
    settings = load_settings(port=arguments.port, workers=1, wechat_sandbox_url="")
    if settings.is_production:
        message = "Production has no sandbox. MODE=development runs one."
        raise SettingsError(message)
    with listen(settings) as door, servers(settings) as ready:
        asyncio.run(migrate(database_url(ready)))
        publish(ready)
        print(f"\n  WECHAT_SANDBOX_URL={ready.sandbox_wechat}\n  stop  Ctrl-C", flush=True)
        run(ready, door, "api.server:wechat_app")


def announce(settings: Settings) -> None:
    """Print where the shop is and a query to paste, once it answers."""
    host = _LOCAL.get(settings.host, settings.host)
    while not _is_ready(host, settings.port):
        time.sleep(0.05)
    endpoint = f"http://{host}:{settings.port}/graphql"
    headers = "-H 'X-Shop-Key: demo' -H 'Content-Type: application/json'"
    lines = ["", f"  endpoint     {endpoint}"]
    if not settings.is_production:
        lines += [
            "  visitor key  demo   (header X-Shop-Key)",
            f"  try          curl {endpoint} {headers} -d '{FIRST_QUERY}'",
            "  stop         Ctrl-C",
        ]
    print("\n".join(lines), flush=True)


def _is_ready(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host.strip("[]"), port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def run_migrations(_arguments: argparse.Namespace) -> str:
    """Bring the database to the newest migration."""
    with servers(load_settings()) as ready:
        asyncio.run(migrate(database_url(ready)))
    return "The database is up to date."


def doctor(arguments: argparse.Namespace) -> str:
    """Check what the shop needs and say what to do about what is missing. Exit code 1 when something is."""
    settings = load_settings()
    with servers(settings) as ready:
        findings = asyncio.run(examine(ready))
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{'ok  ' if finding.is_well else 'BAD '} {finding.what:<12} {finding.said}")
        lines += [f"     {'':<12} {finding.advice}"] * bool(finding.advice)
    arguments.exit_code = 0 if all(finding.is_well for finding in findings) else 1
    return "\n".join(lines)


def schema(arguments: argparse.Namespace) -> str | None:
    """Print the GraphQL schema, or write it to schema/schema.graphql, or check that the file is what the code says."""
    if arguments.check:
        if not is_current():
            print("schema/schema.graphql is not what the code says; run: make schema", file=sys.stderr)
            arguments.exit_code = 1
    elif arguments.write:
        SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    else:
        return schema_text().removesuffix("\n")
    return None


def parser() -> argparse.ArgumentParser:
    """Declare every command and its arguments."""
    top = argparse.ArgumentParser(prog="main.py", description="Xiaopu: headless commerce for WeChat mini-programs.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    command = declaring(commands)
    serving = command("serve", serve)
    serving.add_argument("--port", type=int, help="listen here instead of PORT (8000)")
    serving.add_argument("--workers", type=int, help="processes that answer, one per core (WORKERS, 1)")
    serving.add_argument("--stop-with-parent", action="store_true", help="end when the starting process is gone")
    wechat = command("wechat-sandbox", serve_wechat)
    wechat.add_argument("--port", type=int, help="listen here instead of PORT (8000)")
    command("migrate", run_migrations)
    command("doctor", doctor)
    telling = command("schema", schema).add_mutually_exclusive_group()
    telling.add_argument("--write", action="store_true", help="write schema/schema.graphql")
    telling.add_argument("--check", action="store_true", help="exit 1 when the file is stale")
    declare_operator(command, grouping(commands))
    return top


def main() -> None:
    """Run one command; a fault that a person can mend is said in words, with exit code 2 and no traceback."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # As an exception, so that every `with` on the way out closes what it opened.
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    arguments = parser().parse_args()
    configure()
    try:
        said: str | None = arguments.function(arguments)
    except (SettingsError, EmbeddedError, PortInUseError) as fault:
        print(fault, file=sys.stderr)
        sys.exit(EXIT_UNUSABLE)
    except Refusal as refusal:
        print(refusal.en, file=sys.stderr)
        sys.exit(EXIT_UNUSABLE)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    if said is not None:
        print(said, flush=True)
    sys.exit(arguments.exit_code)


if __name__ == "__main__":
    main()
