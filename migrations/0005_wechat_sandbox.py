"""The sandbox's WeChat keeps its state in a schema of its own: it belongs to no shop, as the real one does not."""

from typing import ClassVar

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

# Times are the wall's. Codes and tokens stand as they are: the sandbox guards nobody's data.
TABLES = (
    "create schema wechat_sandbox",
    # Only apps that somebody set up; any other appid of the right shape is an app with the usual secret.
    """create table wechat_sandbox.app (
        appid text primary key,
        secret text not null,
        open_account text,
        redirect_host text not null default '',
        push_url text not null default '',
        push_token text not null default '',
        encoding_aes_key text not null default ''
    )""",
    """create table wechat_sandbox.person (
        appid text not null,
        name text not null,
        openid text not null,
        unionid text,
        session_key text,
        seen_at timestamptz,
        primary key (appid, name),
        unique (appid, openid)
    )""",
    """create table wechat_sandbox.code (
        code text primary key,
        kind text not null check (kind in ('LOGIN', 'PHONE', 'WEBSITE')),
        appid text not null,
        name text not null,
        phone text,
        expires_at timestamptz not null,
        used_at timestamptz
    )""",
    """create table wechat_sandbox.token (
        token text primary key,
        kind text not null check (kind in ('APP', 'WEBSITE', 'REFRESH')),
        appid text not null,
        name text not null default '',
        issued_at timestamptz not null,
        expires_at timestamptz not null,
        is_forced boolean not null default false
    )""",
    "create index token_newest on wechat_sandbox.token (appid, kind, issued_at desc)",
    """create table wechat_sandbox.switch (
        id bigint generated always as identity primary key,
        appid text not null,
        name text,
        call text,
        kind text not null check (kind in ('ERROR', 'RATE_LIMIT', 'LOST_ANSWER', 'SLOW')),
        errcode integer not null,
        delay_ms integer not null check (delay_ms between 0 and 60000),
        remaining integer not null check (remaining >= 0),
        made_at timestamptz not null
    )""",
    "create index switch_set on wechat_sandbox.switch (appid, id) where remaining > 0",
    """create table wechat_sandbox.call (
        id bigint generated always as identity primary key,
        at timestamptz not null,
        appid text not null,
        name text not null,
        call text not null,
        asked jsonb not null,
        errcode integer,
        switch_id bigint,
        took_ms integer
    )""",
    "create index call_of_app on wechat_sandbox.call (appid, id)",
    # How often an app, or one of its users, has asked within the last minute.
    "create index call_rate on wechat_sandbox.call (appid, call, name, at) include (id)",
    """create table wechat_sandbox.subscription (
        appid text not null,
        name text not null,
        template_id text not null,
        remaining integer not null check (remaining >= 0),
        primary key (appid, name, template_id)
    )""",
    """create table wechat_sandbox.message (
        id bigint generated always as identity primary key,
        at timestamptz not null,
        appid text not null,
        name text not null,
        template_id text not null,
        page text not null,
        state text not null,
        data jsonb not null
    )""",
    "create index message_of_app on wechat_sandbox.message (appid, id)",
    """create table wechat_sandbox.link (
        token text primary key,
        appid text not null,
        path text not null,
        query text not null,
        version text not null,
        expires_at timestamptz not null
    )""",
)


class Migration(migrations.Migration):
    """Made everywhere, filled nowhere but outside production: one road for all databases."""

    dependencies: ClassVar = [("models", "0004_indexes")]
    operations: ClassVar = [RunSQL(list(TABLES))]
