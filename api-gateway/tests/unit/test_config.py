"""What the environment says, and what is said when it says nonsense."""

from ipaddress import ip_network

import pytest
from service_kit.config import load

from api_gateway.config import Settings

SECRET = "a secret of sixteen or more"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = ("GATEWAY_PORT", "GATEWAY_ADMIN_PORT")
    for name in ("GATEWAY_CURSOR_SECRET", "RATE_LIMIT_ENABLED", "GATEWAY_COMPAT", *ports):
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_need_only_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CURSOR_SECRET", SECRET)
    settings = load(Settings)
    assert (settings.gateway.port, settings.gateway.admin_port) == (8080, 8086)
    assert not settings.gateway.reads_are_open
    assert settings.limits.enabled
    assert SECRET not in repr(settings)


def test_what_is_missing_or_bad_is_named_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        load(Settings)
    assert ended.value.code == 2
    monkeypatch.setenv("GATEWAY_CURSOR_SECRET", "short")
    with pytest.raises(SystemExit):
        load(Settings)
    said = capsys.readouterr().err
    assert said.count("GATEWAY_CURSOR_SECRET") == 2
    assert "short" not in said


@pytest.mark.parametrize("variable", ["GATEWAY_PUBLIC_READS", "GATEWAY_COMPAT"])
def test_compat_opens_reads_too(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv("GATEWAY_CURSOR_SECRET", SECRET)
    monkeypatch.setenv(variable, "true")
    assert load(Settings).gateway.reads_are_open


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CURSOR_SECRET", SECRET)
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", "https://a.example, https://b.example,")
    monkeypatch.setenv("GATEWAY_TRUSTED_PROXIES", "10.0.0.0/8,::1/128")
    gateway = load(Settings).gateway
    assert gateway.cors_origins == ("https://a.example", "https://b.example")
    assert gateway.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1/128"))


def test_every_limit_has_its_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CURSOR_SECRET", SECRET)
    monkeypatch.setenv("RATE_LIMIT_LOGIN_PER_MINUTE", "7")
    limits = load(Settings).limits.by_scope()
    assert set(limits) == {"anonymous", "user", "register", "login", "refresh", "send"}
    assert (limits["login"].count, limits["login"].seconds) == (7, 60)
