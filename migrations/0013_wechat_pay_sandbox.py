"""The sandbox's WeChat Pay: merchants with their keys, payments, refunds, notifications and a ledger."""

from typing import ClassVar

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

# Keys stand as they are: the sandbox moves nobody's money. Amounts are fen. `shop_id` names the shop whose clock a
# merchant follows and is no foreign key: the sandbox belongs to no shop, and its ledger outlives those thrown away.
TABLES = (
    """create table wechat_sandbox.pay_key (
        name text primary key,
        serial text not null unique,
        private_key_pem text not null,
        public_key_pem text not null,
        certificate_pem text,
        effective_at timestamptz not null,
        expires_at timestamptz not null
    )""",
    """create table wechat_sandbox.pay_merchant (
        mchid text primary key,
        shop_id uuid,
        appids text[] not null,
        api_v3_key text not null check (length(api_v3_key) = 32),
        key_mode text not null default 'PUBLIC_KEY' check (key_mode in ('PUBLIC_KEY', 'CERTIFICATE', 'MIGRATING')),
        rotation text not null default 'NONE' check (rotation in ('NONE', 'ANNOUNCED', 'SWITCHED', 'DONE')),
        is_certificate_expired boolean not null default false,
        refunds_become text not null default 'SUCCESS'
            check (refunds_become in ('SUCCESS', 'PROCESSING', 'ABNORMAL', 'CLOSED')),
        is_holding boolean not null default false
    )""",
    "create index pay_merchant_of_shop on wechat_sandbox.pay_merchant (shop_id)",
    """create table wechat_sandbox.pay_sub_merchant (
        mchid text not null references wechat_sandbox.pay_merchant (mchid) on delete cascade,
        sub_mchid text not null,
        shop_id uuid,
        appids text[] not null,
        primary key (mchid, sub_mchid)
    )""",
    """create table wechat_sandbox.pay_nonce (
        mchid text not null,
        nonce text not null,
        at timestamptz not null,
        primary key (mchid, nonce)
    )""",
    # `sub_mchid` is empty in direct mode. `openid` and `asked` are the prepay's; `payer_openid` and `payer_name` who
    # really paid. A partner's merchants share one row of numbers.
    """create table wechat_sandbox.pay_transaction (
        id bigint generated always as identity primary key,
        mchid text not null,
        sub_mchid text not null default '',
        shop_id uuid,
        appid text not null,
        sub_appid text not null default '',
        out_trade_no text not null,
        prepay_id text not null unique,
        transaction_id text unique,
        state text not null check (state in ('NOTPAY', 'SUCCESS', 'CLOSED')),
        total_fen bigint not null check (total_fen >= 1),
        paid_fen bigint check (paid_fen >= 1),
        refunded_fen bigint not null default 0 check (refunded_fen between 0 and paid_fen),
        payer_appid text not null,
        openid text not null,
        payer_openid text,
        payer_name text,
        asked jsonb not null,
        notify_url text not null,
        made_at timestamptz not null,
        prepay_ends_at timestamptz not null,
        ends_at timestamptz not null,
        paid_at timestamptz,
        check ((state = 'SUCCESS') = (paid_at is not null)),
        check ((paid_at is null) = (transaction_id is null) and (paid_at is null) = (paid_fen is null)),
        check ((paid_at is null) = (payer_openid is null) and (paid_at is null) = (payer_name is null)),
        unique (mchid, out_trade_no)
    )""",
    "create index pay_transaction_paid on wechat_sandbox.pay_transaction (mchid, paid_at)",
    """create table wechat_sandbox.pay_refund (
        id bigint generated always as identity primary key,
        payment_id bigint not null references wechat_sandbox.pay_transaction (id),
        mchid text not null,
        sub_mchid text not null default '',
        out_refund_no text not null,
        refund_id text not null unique,
        amount_fen bigint not null check (amount_fen >= 1),
        status text not null check (status in ('PROCESSING', 'SUCCESS', 'ABNORMAL', 'CLOSED')),
        asked jsonb not null,
        notify_url text not null default '',
        made_at timestamptz not null,
        success_at timestamptz,
        check ((status = 'SUCCESS') = (success_at is not null)),
        unique (mchid, out_refund_no)
    )""",
    "create index pay_refund_of_payment on wechat_sandbox.pay_refund (payment_id)",
    "create index pay_refund_done on wechat_sandbox.pay_refund (mchid, success_at)",
    """create table wechat_sandbox.pay_ledger (
        id bigint generated always as identity primary key,
        at timestamptz not null,
        mchid text not null,
        sub_mchid text not null default '',
        kind text not null check (kind in ('PAYMENT', 'REFUND', 'REFUND_DONE', 'REFUND_CLOSED')),
        debit text not null,
        credit text not null check (credit <> debit),
        amount_fen bigint not null check (amount_fen >= 1),
        transaction_id text not null,
        refund_id text
    )""",
    "create index pay_ledger_of_merchant on wechat_sandbox.pay_ledger (mchid, id)",
    # One payment of a transaction and one fate of a refund, whatever the code believes.
    "create unique index pay_ledger_once on wechat_sandbox.pay_ledger (transaction_id, kind, coalesce(refund_id, ''))",
    """create function wechat_sandbox.keep_ledger() returns trigger language plpgsql as $$
    begin
        raise exception 'the ledger is only ever added to';
    end $$""",
    """create trigger keep_ledger before update or delete on wechat_sandbox.pay_ledger
    for each statement execute function wechat_sandbox.keep_ledger()""",
    # `due_at` is the wall's, null when held or done with. `about` is the payment's or refund's number.
    """create table wechat_sandbox.notification (
        id bigint generated always as identity primary key,
        notification_id text not null unique,
        mchid text not null,
        shop_id uuid,
        about text not null,
        event_type text not null,
        url text not null,
        resource jsonb not null,
        made_at timestamptz not null,
        due_at timestamptz,
        sending_since timestamptz,
        is_held boolean not null default false,
        attempts integer not null default 0,
        delivered_at timestamptz,
        last_status integer,
        last_answer text,
        check (not (is_held and due_at is not null))
    )""",
    "create index notification_due on wechat_sandbox.notification (due_at) where due_at is not null",
    "create index notification_of_merchant on wechat_sandbox.notification (mchid, id)",
    """create table wechat_sandbox.shipment (
        id bigint generated always as identity primary key,
        at timestamptz not null,
        appid text not null,
        payment_id bigint not null references wechat_sandbox.pay_transaction (id),
        kind text not null check (kind in ('SHIPPED', 'RECEIVED')),
        asked jsonb not null
    )""",
    "create index shipment_of_payment on wechat_sandbox.shipment (payment_id, id)",
    "create index shipment_of_app on wechat_sandbox.shipment (appid, id)",
    # Calls and switches speak of merchants as well as of apps, and of errors that are words.
    """alter table wechat_sandbox.call
        add column mchid text not null default '',
        add column order_no text not null default '',
        add column code text""",
    "create index call_of_merchant on wechat_sandbox.call (mchid, id) where mchid <> ''",
    """alter table wechat_sandbox.switch
        alter column appid drop not null,
        add column mchid text,
        add column order_no text,
        add column code text,
        add check (appid is not null or mchid is not null)""",
    "create index switch_of_merchant on wechat_sandbox.switch (mchid, id) where remaining > 0 and mchid is not null",
)


class Migration(migrations.Migration):
    """Made everywhere, filled nowhere but outside production: one road for all databases."""

    dependencies: ClassVar = [("models", "0012_media_files")]
    operations: ClassVar = [RunSQL(list(TABLES))]
