"""What a command of the command line is made of: its servers, one open database, arguments, what it says at the end."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from embedded import engines
from models.database import connect, migrate
from settings import Settings, load_settings

Command = Callable[[argparse.Namespace], str | None]
"""Does what the arguments say and returns what is to be printed; it may set `exit_code` on them."""

Declare = Callable[[str, Command], argparse.ArgumentParser]
Group = Callable[[str, str], Declare]
Operation = Callable[[Settings, argparse.Namespace], Awaitable[str]]
"""A command that needs no more than an open database; it may set `exit_code` on its arguments too."""


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


def on_database(operation: Operation) -> Command:
    """Make a command of an operation: servers, one open database, and what it returns is said."""

    def run_it(arguments: argparse.Namespace) -> str:
        settings = load_settings()
        is_ours = not settings.database_url
        with servers(settings) as ready:
            if is_ours:
                asyncio.run(migrate(database_url(ready)))
            return asyncio.run(operate(operation, ready, arguments))

    run_it.__doc__ = operation.__doc__
    return run_it


async def operate(operation: Operation, settings: Settings, arguments: argparse.Namespace) -> str:
    """Carry out an operation on the database that `servers` made sure of."""
    async with connect(database_url(settings), pool_size=settings.pool_size):
        return await operation(settings, arguments)


def declaring(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> Declare:
    """Return how a command is declared there: its name, its function, and the function's first line as help."""

    def command(name: str, function: Command) -> argparse.ArgumentParser:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        made = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(function=function, exit_code=0)
        return made

    return command


def grouping(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> Group:
    """Return how a group of commands is declared there: its name and what it is about."""

    def group(name: str, summary: str) -> Declare:
        made = commands.add_parser(name, help=summary, description=summary)
        return declaring(made.add_subparsers(required=True, metavar="COMMAND"))

    return group


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers in a range, for argparse."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            message = f"{text!r} is not a whole number from {least} to {most}"
            raise argparse.ArgumentTypeError(message)
        return int(text)

    return read
