"""Settings: read once, typed, the environment before the file, wrong values refused together."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.errors import SettingError
from pyf.aggregator.settings import (
    SETTINGS,
    InvalidSettingsError,
    Node,
    Settings,
    load_settings,
    mask_credentials,
)


def load(**environ: str) -> Settings:
    return load_settings(environ, dotenv=None)


def refused(**environ: str) -> InvalidSettingsError:
    with pytest.raises(InvalidSettingsError) as caught:
        load(**environ)
    return caught.value


def test_the_defaults_are_those_of_the_reference_configuration():
    settings = load()

    assert settings.typesense_host == "localhost"
    assert settings.typesense_port == 8108
    assert settings.typesense_protocol == "http"
    assert settings.typesense_timeout == 120
    assert settings.typesense_api_key is None
    assert settings.github_request_delay == 0.75
    assert settings.pypi_rate_limit_delay == 0.001
    assert (
        settings.pypi_max_retries,
        settings.pypi_retry_backoff,
        settings.pypi_max_workers,
        settings.pypi_batch_size,
    ) == (3, 2.0, 20, 500)
    assert (
        settings.pypistats_rate_limit_delay,
        settings.pypistats_max_retries,
        settings.pypistats_retry_backoff,
    ) == (2.0, 3, 2.0)
    assert (settings.rss_dedup_ttl_new, settings.rss_dedup_ttl_update) == (86400, 86400)
    assert (
        settings.celery_worker_pool,
        settings.celery_worker_concurrency,
        settings.celery_worker_prefetch_multiplier,
        settings.celery_task_soft_time_limit,
        settings.celery_task_time_limit,
    ) == ("threads", 20, 4, 300, 600)
    assert settings.celery_schedule_weekly_refresh == "0 2 * * 0"
    assert settings.pyf_max_delete_share == 0.05


def test_every_setting_has_an_attribute_a_meaning_and_text_that_gives_its_default_back():
    settings = load()

    for setting in SETTINGS:
        assert setting.meaning.endswith("."), setting.name
        if setting.default_text:
            value = setting.kind.parse(setting.default_text)
            assert value == getattr(settings, setting.attribute), setting.name


def test_the_environment_goes_before_the_file_and_the_origin_is_known(tmp_path):
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "TYPESENSE_HOST=from-file\nexport TYPESENSE_PORT='8109'  # a comment\n", encoding="utf-8"
    )

    settings = load_settings({"TYPESENSE_HOST": "from-environment"}, dotenv=dotenv)

    assert settings.typesense_host == "from-environment"
    assert settings.typesense_port == 8109
    assert settings.origin("TYPESENSE_HOST") == "environment"
    assert settings.origin("TYPESENSE_PORT") == ".env"
    assert settings.origin("TYPESENSE_PROTOCOL") == "default"
    assert settings.is_set("TYPESENSE_PORT")
    assert not settings.is_set("TYPESENSE_PROTOCOL")


def test_asking_for_a_setting_that_does_not_exist_is_a_mistake_in_the_code():
    with pytest.raises(KeyError):
        load().is_set("TYPESENSE_HOTS")


def test_an_empty_value_is_as_good_as_none_except_for_schedules(tmp_path):
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "TYPESENSE_PORT=8109\nCELERY_SCHEDULE_MONTHLY_FETCH=0 1 * * *\n", encoding="utf-8"
    )

    settings = load_settings(
        {"TYPESENSE_PORT": "", "CELERY_SCHEDULE_MONTHLY_FETCH": ""}, dotenv=dotenv
    )

    assert settings.typesense_port == 8109
    assert settings.celery_schedule_monthly_fetch == ""
    assert settings.is_set("CELERY_SCHEDULE_MONTHLY_FETCH")


@pytest.mark.parametrize(
    ("name", "value", "part_of_the_sentence"),
    [
        ("TYPESENSE_HOST", "http://search", "without protocol and port"),
        ("TYPESENSE_HOST", "search:8108", "without protocol and port"),
        ("TYPESENSE_PORT", "0", "from 1 to 65535"),
        ("TYPESENSE_PORT", "65536", "from 1 to 65535"),
        ("TYPESENSE_PORT", "8_108", "from 1 to 65535"),
        ("TYPESENSE_PORT", "http", "from 1 to 65535"),
        ("TYPESENSE_PROTOCOL", "ftp", "http or https"),
        ("TYPESENSE_TIMEOUT", "0", "above 0"),
        ("TYPESENSE_TIMEOUT", "inf", "above 0"),
        ("TYPESENSE_NODES", "a:1:http,b", "'b' is not of this form"),
        ("TYPESENSE_NODES", "a:99999:http", "host:port:protocol"),
        ("TYPESENSE_NODES", "a:1:ftp", "'ftp' is neither http nor https"),
        ("TYPESENSE_COLLECTION", "a b", "letters, digits"),
        ("GITHUB_REQUEST_DELAY", "-1", "0 or more"),
        ("PYPI_MAX_WORKERS", "0", "from 1 to 1000"),
        ("PYPI_MAX_RETRIES", "-1", "0 or more"),
        ("PYPI_RETRY_BACKOFF", "nan", "0 or more"),
        ("PYPI_REQUEST_TIMEOUT", "soon", "above 0"),
        ("PYF_MAX_DELETE_SHARE", "1.5", "from 0 to 1"),
        ("PYF_MAX_DELETE_SHARE", "5%", "from 0 to 1"),
        ("PYF_CONTACT", "me\r\nX-Injected: 1", "control character"),
        ("REDIS_HOST", "http://redis", "not one of Redis"),
        ("REDIS_HOST", "redis:none", "from 1 to 65535"),
        ("PYPI_URL", "pypi.example", "neither http nor https"),
        ("PYPI_URL", "file:///wheels", "neither http nor https"),
        ("PYPI_URL", "https://", "no usable host"),
        ("PYPI_URL", "https://pypi.example:0", "port 0"),
        ("OSV_URL", "https://osv.example/?x=1", "query or fragment"),
        ("CELERY_WORKER_POOL", "fast", "threads or prefork"),
        ("CELERY_TASK_RATE_LIMIT", "10", "10/s"),
        ("CELERY_TASK_SOFT_TIME_LIMIT", "600", "less than CELERY_TASK_TIME_LIMIT"),
        ("CELERY_SCHEDULE_RSS_PROJECTS", "0 25 * * *", "hour '25' is not within 0-23"),
        ("CELERY_SCHEDULE_SYNC_CHANGES", "0 2 * *", "it has 4 fields"),
        ("RSS_DEDUP_TTL_NEW", "1.5", "0 or more"),
        ("DEFAULT_PROFILE", "my profile", "letters, digits"),
    ],
)
def test_a_wrong_value_is_refused_with_name_value_and_what_is_allowed(
    name, value, part_of_the_sentence
):
    error = refused(**{name: value})

    (problem,) = error.problems
    assert name == problem.name
    assert value.strip() == problem.value
    assert part_of_the_sentence in str(error)
    assert len(str(error).splitlines()) == 1
    assert error.exit_status == 2


def test_all_wrong_values_are_named_together():
    error = refused(TYPESENSE_PORT="x", PYPI_MAX_WORKERS="-3", RSS_DEDUP_TTL="never")

    assert [problem.name for problem in error.problems] == [
        "TYPESENSE_PORT",
        "PYPI_MAX_WORKERS",
        "RSS_DEDUP_TTL",
    ]
    assert len(str(error).splitlines()) == 3


def test_secrets_and_passwords_are_never_shown():
    settings = load(
        TYPESENSE_API_KEY="s3cret",
        GITHUB_TOKEN="s3cret",
        REDIS_HOST="redis://user:s3cret@redis:6379/2",
        PYPI_URL="https://user:s3cret@pypi.example/simple/",
    )

    assert "s3cret" not in repr(settings)
    assert "***@pypi.example" in repr(settings)
    assert settings.pypi_url == "https://user:s3cret@pypi.example"
    assert settings.typesense_api_key == "s3cret"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TYPESENSE_API_KEY", "s3cret\x07"),
        ("REDIS_HOST", "http://user:s3cret@redis"),
        ("REDIS_HOST", "user:s3cret@redis:6379"),
        ("REDIS_HOST", "redis://user:s3, cret/#?@redis:6379"),
        ("PYPI_URL", "https://user:s3cret@pypi.example/?q"),
        ("PYPI_URL", "https://user:s3,cret@/"),
        ("TYPESENSE_HOST", "https://user:s3cret@search"),
        ("TYPESENSE_NODES", "a:1:http,https://user:s3cret@search:1"),
    ],
)
def test_a_refused_value_does_not_show_its_password_either(name, value):
    error = refused(**{name: value})

    assert "s3" not in str(error)
    assert "cret" not in str(error)
    assert name in str(error)


@given(st.text(min_size=1).filter(str.strip), st.sampled_from([s.name for s in SETTINGS]))
def test_any_text_is_either_taken_or_refused_in_one_line(text, name):
    try:
        load_settings({"HOME": "/nonexistent", name: text}, dotenv=None)
    except InvalidSettingsError as error:
        assert name in str(error)
        assert len(str(error).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("localhost", "redis://localhost:6379/0"),
        ("redis:6380", "redis://redis:6380/0"),
        ("[::1]:6380", "redis://[::1]:6380/0"),
        ("redis://redis", "redis://redis:6379/0"),
        ("redis://:pass@redis:6380/3", "redis://:pass@redis:6380/3"),
        ("rediss://redis/1?ssl_cert_reqs=none", "rediss://redis:6379/1?ssl_cert_reqs=none"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"),
    ],
)
def test_redis_is_named_by_host_and_port_or_by_a_url(text, url):
    assert url == load(REDIS_HOST=text).redis_url


def test_the_nodes_of_a_cluster_stand_in_for_the_single_one():
    single = load(TYPESENSE_HOST="search", TYPESENSE_PORT="443", TYPESENSE_PROTOCOL="HTTPS")
    cluster = load(TYPESENSE_NODES="a:8108:http, https://b, http://c:8109/search/, [::1]:8108:http")

    assert (Node("search", 443, "https"),) == single.search_nodes
    assert (
        Node("a", 8108, "http"),
        Node("b", 443, "https"),
        Node("c", 8109, "http", "/search"),
        Node("::1", 8108, "http"),
    ) == cluster.search_nodes
    assert [node.url for node in cluster.search_nodes] == [
        "http://a:8108",
        "https://b:443",
        "http://c:8109/search",
        "http://[::1]:8108",
    ]


def test_the_older_name_of_the_dedup_time_counts_where_the_newer_ones_are_not_given():
    settings = load(RSS_DEDUP_TTL="60", RSS_DEDUP_TTL_UPDATE="0")

    assert settings.rss_dedup_ttl_new == 60
    assert settings.rss_dedup_ttl_update == 0
    assert not settings.is_set("RSS_DEDUP_TTL_NEW")


def test_the_data_folder_follows_the_xdg_rules_and_the_tilde_is_the_home_folder(tmp_path):
    assert tmp_path / "pyf" == load(XDG_DATA_HOME=str(tmp_path)).pyf_data_dir
    assert tmp_path / ".local/share/pyf" == load(HOME=str(tmp_path)).pyf_data_dir
    assert Path("~/data").expanduser() == load(PYF_DATA_DIR="~/data").pyf_data_dir


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"TYPESENSE_HOST=a\n'broken\n", "line 2: not of the form NAME=value"),
        (b"TYPESENSE_HOST=\xff\n", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(tmp_path, content, sentence):
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(content)

    with pytest.raises(SettingError, match=sentence):
        load_settings({}, dotenv=dotenv)


def test_a_missing_file_is_no_mistake_but_a_folder_in_its_place_is(tmp_path):
    assert load_settings({}, dotenv=tmp_path / ".env").typesense_host == "localhost"
    with pytest.raises(SettingError, match="cannot be read"):
        load_settings({}, dotenv=tmp_path)


def test_settings_are_frozen_and_can_be_varied():
    settings = load()

    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.typesense_port = 1
    assert dataclasses.replace(settings, typesense_port=1).typesense_port == 1


def test_nothing_is_read_at_import(tmp_path):
    (tmp_path / ".env").write_text("TYPESENSE_PORT=wrong\n", encoding="utf-8")
    environ = {**os.environ, "PYPI_URL": "wrong"}

    code = "import pyf.aggregator.settings, pyf.aggregator.profiles"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET https://u:p@h.example/x failed", "GET https://***@h.example/x failed"),
        ("https://h.example/a@b", "https://h.example/a@b"),
        ("mailto:me@h.example", "mailto:me@h.example"),
    ],
)
def test_credentials_are_masked_wherever_a_url_stands_in_a_text(text, masked):
    assert masked == mask_credentials(text)
