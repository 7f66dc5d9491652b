"""The ASGI application: its routes, and the connections that live as long as it does."""

import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.codes import code_routes
from api.graphql import GraphQLEndpoint
from api.health import healthz, metrics, readyz
from api.identify import Identities
from api.media import media_routes
from api.operations import make_operations
from api.pay_webhook import pay_webhook_routes
from api.push_webhook import push_webhook_routes
from api.sandbox import sandbox_routes
from api.websocket import GraphQLSocket
from api.wechat_login import wechat_login_routes
from engine.execution import Engine
from logs import configure
from models.database import connect, fetch_value
from models.failpoint import heeding_failpoints
from models.redis_server import connect_redis, redis
from resolvers.event_feed import feeding
from resolvers.keys import Keys, holding
from resolvers.media_store import connect_media
from resolvers.search_log import recording_searches
from resolvers.tokens import Tokens
from resolvers.viewed_product import recording_views
from resolvers.visit_recorder import recording_visits
from schema.prices import PRICES
from schema.root import graphql_schema, sources
from settings import Settings, load_settings
from wechat.connection import connect_wechat
from wechat.sandbox.app import wechat_sandbox
from worker import due_work, worker_inside

GRAPHQL_PATH = "/graphql"
_CLIENT_HEADERS = (
    "Accept-Language", "Authorization", "Content-Type", "X-Request-Id", "X-Shop-Key", "X-Visit-Id", "X-Visitor-Id",
)  # fmt: skip
_ANSWER_HEADERS = ("Retry-After", "X-Request-Id")
_PREFLIGHT_SECONDS = 86_400


def create(settings: Settings | None = None) -> Starlette:
    """Make the application. Without settings it reads them, as a worker process must."""
    settings = settings or load_settings()
    configure(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if not settings.database_url or not settings.redis_url:
            message = "the application needs DATABASE_URL and REDIS_URL; `main.py serve` starts servers and names them"
            raise RuntimeError(message)
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(connect(settings.database_url, pool_size=settings.pool_size))
            if not settings.is_production:
                await opened.enter_async_context(heeding_failpoints(settings.database_url))
            opened.enter_context(holding(Keys.of(settings)))
            await opened.enter_async_context(connect_redis(settings.redis_url))
            app.state.redis = redis()
            await opened.enter_async_context(feeding())
            await opened.enter_async_context(
                connect_wechat(
                    settings.derive("sealing"), settings.sandbox_wechat, public_address=settings.public_address
                )
            )
            await opened.enter_async_context(connect_media(settings))
            await opened.enter_async_context(recording_visits())
            await opened.enter_async_context(recording_searches())
            await opened.enter_async_context(recording_views())
            if settings.runs_worker:
                await opened.enter_async_context(worker_inside(due_work(is_production=settings.is_production)))
            _settle_memory()
            yield

    tokens = Tokens(settings.derive("token"))
    identities = Identities(tokens)
    engine = Engine(graphql_schema, sources, fetch_value, settings.derive("cursor"))
    operations = make_operations(settings, graphql_schema, engine, PRICES)
    endpoint = GraphQLEndpoint(operations, identities)
    socket = GraphQLSocket(operations, identities, tokens)
    around = _middleware(settings)
    app = _Application(routes=_routes(settings, endpoint, socket), middleware=around, lifespan=lifespan)
    app.straight = endpoint
    for layer in around:
        app.straight = layer.cls(app.straight, *layer.args, **layer.kwargs)
    app.state.settings = settings
    app.state.tokens = tokens
    app.state.identities = identities
    app.state.socket = socket
    return app


def _routes(settings: Settings, endpoint: GraphQLEndpoint, socket: GraphQLSocket) -> list[BaseRoute]:
    return [
        Route(GRAPHQL_PATH, endpoint),
        WebSocketRoute(GRAPHQL_PATH, socket),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        *code_routes(),
        *media_routes(),
        *pay_webhook_routes(),
        *push_webhook_routes(),
        *wechat_login_routes(settings),
        *([] if settings.is_production else [*sandbox_routes(), wechat_sandbox()]),
    ]


class _Application(Starlette):
    """Takes questions straight to the endpoint: Starlette's way there costs a twentieth of what a small answer does.

    The route stands all the same, for what Starlette makes of it: a redirect from the path with a slash at its end.
    """

    straight: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live as long as the process does."""
        if scope["type"] == "http" and scope["path"] == GRAPHQL_PATH:
            await self.straight(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _middleware(settings: Settings) -> list[Middleware]:
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST"),
            allow_headers=_CLIENT_HEADERS,
            expose_headers=_ANSWER_HEADERS,
            max_age=_PREFLIGHT_SECONDS,
        )
    ]


def _settle_memory() -> None:
    """Take what start-up made out of the collector's rounds; measured at -4 % of CPU per request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
