"""The command line. Each command is one small function; what it does lives in the rooms."""

import argparse
import asyncio
import http.client
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from getpass import getpass

from api import imports, operator
from api.doctor import examine
from api.server import PortInUseError, listen, run, stop_with_parent
from embedded import engines
from embedded_place import EmbeddedError
from logs import configure
from models.database import connect, migrate
from models.refusal import Refusal
from models.staff import Role
from models.wechat_app import WechatAppKind
from resolvers.tokens import MINUTES, MINUTES_MAX
from schema.file import SCHEMA_FILE, is_current, schema_text
from settings import Settings, SettingsError, load_settings, publish

EXIT_UNUSABLE = 2
Command = Callable[[argparse.Namespace], None]
Declare = Callable[[str, Command], argparse.ArgumentParser]
_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - said to a person, not bound


@contextmanager
def servers(settings: Settings, *, exclusive: bool = False) -> Iterator[Settings]:
    """Give settings whose database and Redis are there: the named ones, or ours for the length of the block."""
    wanted = {"postgres": not settings.database_url, "valkey": not settings.redis_url}
    if not any(wanted.values()):
        yield settings
        return
    with engines(settings.home, exclusive=exclusive, **wanted) as ours:
        found = {"database_url": settings.database_url or ours.dsn, "redis_url": settings.redis_url or ours.url}
        yield settings.model_copy(update=found)


def database_url(settings: Settings) -> str:
    """Return the DSN that `servers` made sure of."""
    if settings.database_url is None:
        message = "a command asked for the database outside `servers`"
        raise RuntimeError(message)
    return settings.database_url


def serve(arguments: argparse.Namespace) -> None:
    """Run the shop: servers, migrations, HTTP; say how to reach it; stop all of it at the end."""
    settings = load_settings(port=arguments.port, workers=arguments.workers)
    if arguments.stop_with_parent:
        stop_with_parent(os.getppid())
    with listen(settings) as door, servers(settings, exclusive=True) as ready:
        asyncio.run(migrate(database_url(ready)))
        if not ready.is_production:
            asyncio.run(_operate(imports.demo_when_empty, ready, arguments))
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


def run_migrations(_arguments: argparse.Namespace) -> None:
    """Bring the database to the newest migration."""
    with servers(load_settings()) as ready:
        asyncio.run(migrate(database_url(ready)))
    print("The database is up to date.")


def doctor(_arguments: argparse.Namespace) -> None:
    """Check what the shop needs and say what to do about what is missing. Exit code 1 when something is."""
    settings = load_settings()
    with servers(settings) as ready:
        findings = asyncio.run(examine(ready))
    for finding in findings:
        print(f"{'ok  ' if finding.is_well else 'BAD '} {finding.what:<12} {finding.said}")
        if finding.advice:
            print(f"     {'':<12} {finding.advice}")
    if not all(finding.is_well for finding in findings):
        sys.exit(1)


def schema(arguments: argparse.Namespace) -> None:
    """Print the GraphQL schema, or write it to schema/schema.graphql, or check that the file is what the code says."""
    if arguments.check:
        if not is_current():
            print("schema/schema.graphql is not what the code says; run: make schema", file=sys.stderr)
            sys.exit(1)
    elif arguments.write:
        SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    else:
        print(schema_text(), end="")


def declaring(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> Declare:
    """Return how a command is declared there: its name, its function, and the function's first line as help."""

    def command(name: str, function: Command) -> argparse.ArgumentParser:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        made = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(function=function)
        return made

    return command


Operation = Callable[[Settings, argparse.Namespace], Awaitable[str]]


def on_database(operation: Operation) -> Command:
    """Make a command of an operation: servers, one open database, and what it returns is printed."""

    def run_it(arguments: argparse.Namespace) -> None:
        settings = load_settings()
        is_ours = not settings.database_url
        with servers(settings) as ready:
            if is_ours:
                asyncio.run(migrate(database_url(ready)))
            print(asyncio.run(_operate(operation, ready, arguments)), flush=True)

    run_it.__doc__ = operation.__doc__
    return run_it


async def _operate(operation: Operation, settings: Settings, arguments: argparse.Namespace) -> str:
    async with connect(database_url(settings), pool_size=settings.pool_size):
        return await operation(settings, arguments)


def read_secret(arguments: argparse.Namespace) -> None:
    """Add a WeChat app; its secret is asked for, or read from standard input: arguments are seen by everybody."""
    arguments.secret = (getpass("secret: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    on_database(operator.app_add)(arguments)


def import_file(operation: Operation) -> Command:
    """Make a command of an import: what stayed out is printed, and makes the exit code 1."""

    def run_it(arguments: argparse.Namespace) -> None:
        on_database(operation)(arguments)
        sys.exit(arguments.exit_code)

    run_it.__doc__ = operation.__doc__
    return run_it


def declare_imports(group: Callable[[str, str], Declare]) -> None:
    """Declare the commands that bring files into a shop."""
    bring = group("import", "bring a CSV file into a shop")
    for name, operation in (("products", imports.import_products), ("reviews", imports.import_reviews)):
        command = bring(name, import_file(operation))
        command.add_argument("file", help="UTF-8 or GB18030, separated by comma, semicolon or tab")
        command.add_argument("--shop", required=True, help="the shop's handle or id")


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers in a range, for argparse."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            message = f"{text!r} is not a whole number from {least} to {most}"
            raise argparse.ArgumentTypeError(message)
        return int(text)

    return read


def declare_operator(group: Callable[[str, str], Declare]) -> None:
    """Declare the commands about shops, apps, keys, staff and the outbox."""
    shop = group("shop", "open a shop, or throw a sandbox away")
    create = shop("create", on_database(operator.shop_create))
    create.add_argument("--mode", choices=("sandbox", "live"), required=True, help="fixed for ever")
    create.add_argument("--seed", type=whole(0, 2**53 - 1), default=1, help="the same seed gives the same sandbox (1)")
    create.add_argument("--handle", help="lower-case words joined by hyphens; made up when left out")
    create.add_argument("--name", help="as customers see it; the handle when left out")
    shop("delete", on_database(operator.shop_delete)).add_argument("shop", help="the shop's handle")
    app = group("app", "WeChat apps of a shop")("add", read_secret)
    app.add_argument("--shop", required=True, help="the shop's handle")
    app.add_argument("--appid", required=True)
    app.add_argument("--kind", choices=[kind.value for kind in WechatAppKind], default=WechatAppKind.MINI_PROGRAM.value)
    app.add_argument("--name")
    app.add_argument("--base-url", help="another WeChat than the real one (LIVE) or the sandbox")
    key = group("key", "visitor keys of an app")
    make = key("create", on_database(operator.key_create))
    make.add_argument("--shop", required=True, help="the shop's handle")
    make.add_argument("--appid", required=True)
    key("revoke", on_database(operator.key_revoke)).add_argument("key")
    staff = group("staff", "people who work in a shop")
    token = staff("token", on_database(operator.staff_token))
    for command in (token, staff("invite", on_database(operator.staff_invite))):
        command.add_argument("--shop", required=True, help="the shop's handle")
        command.add_argument("--name", required=True, help="taken on when nobody has the name")
        command.add_argument("--role", action="append", choices=[role.value for role in Role], help="repeat (OWNER)")
    token.add_argument("--minutes", type=whole(1, MINUTES_MAX), default=MINUTES, help="1 to 1440 (15)")
    outbox = group("outbox", "events that could not be told")
    outbox("list", on_database(operator.outbox_list))
    outbox("replay", on_database(operator.outbox_replay)).add_argument("id")


def parser() -> argparse.ArgumentParser:
    """Declare every command and its arguments."""
    top = argparse.ArgumentParser(prog="main.py", description="Xiaopu: headless commerce for WeChat mini-programs.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def group(name: str, summary: str) -> Declare:
        made = commands.add_parser(name, help=summary, description=summary)
        return declaring(made.add_subparsers(required=True, metavar="COMMAND"))

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
    command("worker", on_database(operator.work))
    command("reindex", on_database(operator.reindex))
    command("demo", on_database(imports.demo))
    declare_imports(group)
    declare_operator(group)
    return top


def main() -> None:
    """Run one command; a fault that a person can mend is said in words, with exit code 2 and no traceback."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # As an exception, so that every `with` on the way out closes what it opened.
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    arguments = parser().parse_args()
    configure()
    try:
        arguments.function(arguments)
    except (SettingsError, EmbeddedError, PortInUseError) as fault:
        print(fault, file=sys.stderr)
        sys.exit(EXIT_UNUSABLE)
    except Refusal as refusal:
        print(refusal.en, file=sys.stderr)
        sys.exit(EXIT_UNUSABLE)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
