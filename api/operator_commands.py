"""The operator's commands as they are typed: shops, apps, keys, staff, files, the outbox, and whether all is well."""

import argparse
import sys
from datetime import date
from getpass import getpass

from api import imports, operator, operator_bill
from api.command import Declare, Group, on_database, whole
from api.sandbox_input import SEED_MAX
from models.staff import Role
from models.wechat_app import LANDING_PAGE, WechatAppKind
from resolvers.tokens import MINUTES, MINUTES_MAX

_SHOP = "the shop's handle"
_SHOP_OR_ID = "the shop's handle or id"


def declare_operator(command: Declare, group: Group) -> None:
    """Declare the commands that work on a database."""
    command("worker", on_database(operator.work))
    command("reindex", on_database(operator.reindex))
    command("demo", on_database(imports.demo))
    command("check", on_database(operator.check)).add_argument("--shop", required=True, help=_SHOP_OR_ID)
    statement = command("bill", on_database(operator_bill.bill))
    statement.add_argument("--shop", required=True, help=_SHOP_OR_ID)
    statement.add_argument("--date", required=True, type=date.fromisoformat, help="a day in China, before today")
    _declare_imports(group)
    _declare_shops(group)
    _declare_apps(group)
    _declare_staff(group)
    _declare_outbox(group)


def read_secret(arguments: argparse.Namespace) -> str | None:
    """Add a WeChat app; its secret is asked for, or read from standard input: arguments are seen by everybody."""
    arguments.secret = (getpass("secret: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    return on_database(operator.app_add)(arguments)


def _declare_imports(group: Group) -> None:
    bring = group("import", "bring a CSV file into a shop")
    for name, operation in (("products", imports.import_products), ("reviews", imports.import_reviews)):
        command = bring(name, on_database(operation))
        command.add_argument("file", help="UTF-8 or GB18030, separated by comma, semicolon or tab")
        command.add_argument("--shop", required=True, help=_SHOP_OR_ID)


def _declare_shops(group: Group) -> None:
    shop = group("shop", "open a shop, or throw a sandbox away")
    create = shop("create", on_database(operator.shop_create))
    create.add_argument("--mode", choices=("sandbox", "live"), required=True, help="fixed for ever")
    create.add_argument("--seed", type=whole(0, SEED_MAX), help="the same seed gives the same sandbox; one of its own")
    create.add_argument("--handle", help="lower-case words joined by hyphens; made up when left out")
    create.add_argument("--name", help="as customers see it; the handle when left out")
    shop("delete", on_database(operator.shop_delete)).add_argument("shop", help=_SHOP)


def _declare_apps(group: Group) -> None:
    app = group("app", "WeChat apps of a shop")("add", read_secret)
    app.add_argument("--shop", required=True, help=_SHOP)
    app.add_argument("--appid", required=True)
    app.add_argument("--kind", choices=[kind.value for kind in WechatAppKind], default=WechatAppKind.MINI_PROGRAM.value)
    app.add_argument("--name")
    app.add_argument("--open-account", help="the Open Platform account it is bound to: its apps know people together")
    app.add_argument("--base-url", help="another WeChat than the real one (LIVE) or the sandbox")
    app.add_argument(
        "--landing-page", default=LANDING_PAGE, help=f"where cards land people, {LANDING_PAGE} if not given"
    )
    key = group("key", "visitor keys of an app")
    make = key("create", on_database(operator.key_create))
    make.add_argument("--shop", required=True, help=_SHOP)
    make.add_argument("--appid", required=True)
    key("revoke", on_database(operator.key_revoke)).add_argument("key")


def _declare_staff(group: Group) -> None:
    staff = group("staff", "people who work in a shop")
    token = staff("token", on_database(operator.staff_token))
    for command in (token, staff("invite", on_database(operator.staff_invite))):
        command.add_argument("--shop", required=True, help=_SHOP)
        command.add_argument("--name", required=True, help="taken on when nobody has the name")
        command.add_argument("--role", action="append", choices=[role.value for role in Role], help="repeat (OWNER)")
    token.add_argument("--minutes", type=whole(1, MINUTES_MAX), default=MINUTES, help="1 to 1440 (15)")


def _declare_outbox(group: Group) -> None:
    outbox = group("outbox", "events that could not be told")
    outbox("list", on_database(operator.outbox_list)).add_argument("--shop", help=f"{_SHOP_OR_ID}; all shops")
    outbox("replay", on_database(operator.outbox_replay)).add_argument("id")
