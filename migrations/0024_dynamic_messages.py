"""Dynamic messages of the sandbox's WeChat: activities, and all that was said on their cards."""

from typing import ClassVar

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

TABLES = (
    """create table wechat_sandbox.activity (
        activity_id text primary key,
        appid text not null,
        name text not null default '',
        made_at timestamptz not null,
        expires_at timestamptz not null,
        state smallint not null default 0 check (state between 0 and 2),
        said jsonb not null default '{}'
    )""",
    "create index activity_of_app on wechat_sandbox.activity (appid, made_at)",
    """create table wechat_sandbox.card_update (
        id bigint generated always as identity primary key,
        at timestamptz not null,
        activity_id text not null references wechat_sandbox.activity (activity_id) on delete cascade,
        state smallint not null,
        said jsonb not null
    )""",
    "create index card_update_of_activity on wechat_sandbox.card_update (activity_id, id)",
)


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("models", "0023_trade_leftovers")]
    operations: ClassVar = [RunSQL(list(TABLES))]
