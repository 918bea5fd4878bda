"""Every setting, from the environment (``NEXDECK_*``) or the TOML file that ``NEXDECK_CONFIG`` names."""

import os
from functools import cached_property
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """The description of each field is what ``nexdeck serve --help`` and docs/settings.md print."""

    model_config = SettingsConfigDict(env_prefix="NEXDECK_", extra="ignore")

    host: str = Field("127.0.0.1", description="address to listen on; loopback only until there is a sign-in")
    port: int = Field(8400, ge=1, le=65535, description="port of the web app and the REST API")
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("nexdeck"), description="folder for the database, keys and gateways"
    )
    database_url: str | None = Field(None, description="SQLAlchemy URL; default: nexdeck.db in the data folder")
    gateway_port: int = Field(8401, ge=1, le=65535, description="port that the gateway `local` prefers at first start")
    llm_allowed_hosts: str = Field("", description="private model hosts that local gateways may reach, by comma")
    llm_prices: str = Field(
        "", description="what a million model tokens cost, MODEL=IN/OUT by comma: for the estimated cost in metrics"
    )
    gateway_allowed_networks: str = Field(
        "", description="private networks where remote gateways may be, by comma, e.g. 10.1.0.0/16"
    )
    notify_allowed_networks: str = Field(
        "", description="private networks, loopback too, where notices may be sent, by comma, e.g. 10.1.0.0/16"
    )
    allowed_hosts: str = Field("", description="further names that may stand in the Host header, by comma")
    sweep_seconds: float = Field(15.0, gt=0, le=3600, description="time between two looks at every gateway")
    log_days: float = Field(7.0, gt=0, le=3650, description="days for which the lines of deployments are kept")
    log_lines: int = Field(200_000, ge=100, description="lines that are kept of each deployment at most")
    request_days: float = Field(7.0, gt=0, le=3650, description="days for which the requests of deployments are kept")
    request_count: int = Field(100_000, ge=100, description="requests that are kept of each deployment at most")
    history_days: float = Field(30.0, gt=0, le=3650, description="days for which operations are kept, and what is gone")
    history_operations: int = Field(50, ge=1, description="operations that are kept of each deployment, however old")
    otlp_endpoint: str = Field(
        "", pattern=r"^(https?://.+)?$", description="OTLP/HTTP collector for traces, e.g. http://127.0.0.1:4318"
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        **_: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources = (init_settings, env_settings)
        if path := os.environ.get("NEXDECK_CONFIG"):
            return *sources, TomlConfigSettingsSource(settings_cls, toml_file=path)
        return sources

    @cached_property
    def url(self) -> str:
        """Where this control plane answers, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def sqlalchemy_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'nexdeck.db'}"
