"""Settings: every knob once, typed, from the environment or `.env`. Nothing else reads the environment."""

import hashlib
import os
import secrets
import shutil
from pathlib import Path
from typing import Annotated, Literal, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent
SECRET_KEY_MIN_CHARS = 32
# A key of one repeated word passes any length check; random text of 32 characters has far more than this.
SECRET_KEY_MIN_DISTINCT = 10
_PLACEHOLDERS = ("change", "example", "placeholder", "your-", "your_", "secret-key", "secret_key")
_HOW_TO_MAKE_ONE = "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


class SettingsError(Exception):
    """The settings can't be used; the message says which and what to do, and carries no value of a secret."""


class Settings(BaseSettings):
    """What a process needs to know before it starts. Names are the environment's, in lower case."""

    model_config = SettingsConfigDict(env_file=PROJECT / ".env", extra="ignore", frozen=True, env_ignore_empty=True)

    mode: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    worker_inside: bool | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    secret_key: str = Field(default="", repr=False)
    database_url: str | None = Field(default=None, repr=False)
    redis_url: str | None = Field(default=None, repr=False)
    xiaopu_home: Path | None = None
    pool_size: int = Field(default=10, ge=1, le=100)
    statement_cache_size: int = Field(default=500, ge=0)

    wechat_sandbox_url: str | None = None
    wechat_website_appid: str | None = None
    wechat_website_secret: str = Field(default="", repr=False)
    public_url: str | None = None

    media_url: str | None = None
    media_s3_endpoint: str | None = None
    media_s3_bucket: str = ""
    media_s3_region: str = "us-east-1"
    media_s3_access_key: str = ""
    media_s3_secret_key: str = Field(default="", repr=False)

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()

    throttle_points: int | None = Field(default=None, ge=100)
    throttle_restore: int | None = Field(default=None, ge=1)
    max_cost: int = Field(default=1_000, ge=1)
    max_aliases: int = Field(default=40, ge=1)
    max_depth: int = Field(default=14, ge=1)
    max_tokens: int = Field(default=4_000, ge=1)
    max_root_fields: int = Field(default=20, ge=1)
    max_document_bytes: int = Field(default=100_000, ge=1_000)
    max_variables_bytes: int = Field(default=500_000, ge=1_000)
    max_body_bytes: int = Field(default=1_000_000, ge=1_000)
    document_cache_size: int = Field(default=1_000, ge=1)

    @field_validator("cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fit_for_its_mode(self) -> Self:
        if self.secret_key:
            weakness = _weakness(self.secret_key)
            if weakness:
                message = f"SECRET_KEY {weakness}. {_HOW_TO_MAKE_ONE}"
                raise ValueError(message)
        if self.mode == "production":
            if not self.secret_key:
                message = f"SECRET_KEY is missing; production has no default. {_HOW_TO_MAKE_ONE}"
                raise ValueError(message)
            if self.wechat_website_appid and not (self.wechat_website_secret and self.public_url):
                message = "WECHAT_WEBSITE_APPID needs WECHAT_WEBSITE_SECRET and PUBLIC_URL, where browsers come back to"
                raise ValueError(message)
            if self.media_s3_endpoint and not (
                self.media_s3_access_key and self.media_s3_secret_key and (self.media_url or self.public_url)
            ):
                message = (
                    "MEDIA_S3_ENDPOINT needs MEDIA_S3_ACCESS_KEY, MEDIA_S3_SECRET_KEY, and MEDIA_URL or PUBLIC_URL,"
                    " where clients find the files"
                )
                raise ValueError(message)
            for name, example in (
                ("database_url", "postgresql://user:password@host:5432/xiaopu"),
                ("redis_url", "redis://host:6379/0"),
            ):
                if not getattr(self, name):
                    message = f"{name.upper()} is missing; production uses servers of your own, such as {example}"
                    raise ValueError(message)
        return self

    @property
    def home(self) -> Path:
        """Where servers started by us and the development secret live. Made by whoever first needs it."""
        if self.xiaopu_home:
            return self.xiaopu_home.expanduser().resolve()
        if os.name == "posix" and os.geteuid() == 0:
            # PostgreSQL refuses to run as root, and its own user can't enter root's home; nor do we open that.
            return Path("/var/lib") / f"xiaopu-{hashlib.sha256(str(PROJECT).encode()).hexdigest()[:8]}"
        return PROJECT / ".xiaopu"

    @property
    def is_production(self) -> bool:
        """Whether sandbox doors, demo data and servers of our own are shut."""
        return self.mode == "production"

    @property
    def throttle(self) -> tuple[int, int]:
        """The points of a full bucket and how many come back per second; nobody at a desk should meet the end."""
        most, per_second = (2_000, 100) if self.is_production else (1_000_000, 100_000)
        return self.throttle_points or most, self.throttle_restore or per_second

    @property
    def sandbox_wechat(self) -> str | None:
        """Where apps of sandbox shops find WeChat: this server's own sandbox unless named; none in production."""
        if self.wechat_sandbox_url or self.is_production:
            return self.wechat_sandbox_url
        return f"{self._own_url}/sandbox/wechat"

    @property
    def public_address(self) -> str:
        """Where the world outside finds this server, WeChat among it: PUBLIC_URL, else this machine's own address."""
        return (self.public_url or self._own_url).rstrip("/")

    @property
    def media_address(self) -> str:
        """Where clients send files and find them: MEDIA_URL, else PUBLIC_URL, else this server itself."""
        return (self.media_url or self.public_url or self._own_url).rstrip("/")

    @property
    def _own_url(self) -> str:
        """Where this machine finds the server."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - asked, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def runs_worker(self) -> bool:
        """Whether each serving process also does the work that falls due; in production `main.py worker` does it."""
        return not self.is_production if self.worker_inside is None else self.worker_inside

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose (such as "cursor"), so that no two uses share a key (HKDF-SHA256)."""
        return HKDF(SHA256(), 32, salt=None, info=b"xiaopu:" + purpose.encode()).derive(self.secret_key.encode())


def _weakness(key: str) -> str | None:
    if len(key) < SECRET_KEY_MIN_CHARS:
        return f"has {len(key)} characters, {SECRET_KEY_MIN_CHARS} are needed"
    if len(set(key)) < SECRET_KEY_MIN_DISTINCT or any(word in key.lower() for word in _PLACEHOLDERS):
        return "looks like a placeholder"
    return None


def load_settings(**given: object) -> Settings:
    """Read the settings; `given` (from the command line) wins over the environment, which wins over `.env`.

    In development a missing SECRET_KEY is made once and kept in the home, for its owner's eyes only.
    Raises SettingsError.
    """
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
        if not settings.secret_key:
            settings = settings.model_copy(update={"secret_key": _development_secret(settings.home)})
    except ValidationError as invalid:
        faults = invalid.errors(include_input=False, include_url=False)
        raise SettingsError("\n".join(_say(fault["loc"], fault["msg"]) for fault in faults)) from None
    except OSError as refused:
        message = f"The home {refused.filename} can't be used ({refused.strerror}). Name another: XIAOPU_HOME=/path"
        raise SettingsError(message) from None
    return settings


def _say(place: tuple[int | str, ...], reason: str) -> str:
    name = ".".join(str(part) for part in place).upper()
    text = reason.removeprefix("Value error, ")
    return f"{name}: {text}. See .env.example." if name else text


def make_home(home: Path) -> None:
    """Make the home if it is missing; the mode of a directory that exists is never touched.

    As root others may pass through it (not list it), for PostgreSQL runs as a user of its own inside.
    """
    mode = 0o711 if os.name == "posix" and os.geteuid() == 0 else 0o700
    for directory in (*reversed(home.parents), home):
        if not directory.exists():
            directory.mkdir(exist_ok=True)
            directory.chmod(mode)


def _development_secret(home: Path) -> str:
    kept = home / "secret_key"
    make_home(home)
    # O_EXCL: of two processes that start together one writes, and both read the same.
    try:
        handle = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return kept.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return kept.read_text()


def publish(settings: Settings) -> None:
    """Put what was found where worker processes' own `load_settings` finds it, and counters where all can add."""
    os.environ["SECRET_KEY"] = settings.secret_key
    os.environ["PORT"] = str(settings.port)
    if settings.database_url:
        os.environ["DATABASE_URL"] = settings.database_url
    if settings.redis_url:
        os.environ["REDIS_URL"] = settings.redis_url
    if settings.workers > 1:
        shared = settings.home / "metrics"
        shutil.rmtree(shared, ignore_errors=True)
        make_home(shared)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(shared)


def counts_are_shared() -> bool:
    """Whether several processes keep their counters in one directory (prometheus_client reads the same name)."""
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ
