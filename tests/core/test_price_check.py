"""`indox prices check`: where the installed price lists differ."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from indox_core._cli.app import app
from indox_core._money import cache, library


def check(*arguments):
    done = CliRunner().invoke(app, ["prices", "check", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def as_json(*arguments):
    return json.loads(check(*arguments, "--json").stdout)


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """A list that was fetched: one rate raised, one model added, all others left out."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    library.forget()

    def entry(name, **prices):
        return {"id": name, "match": {"equals": name}, "prices": prices}

    models = [
        entry("gpt-4o-mini", input_mtok=0.3, output_mtok=0.6, cache_read_mtok=0.075),
        entry("released-tomorrow", input_mtok=1, output_mtok=2),
    ]
    providers = [{"id": "openai", "name": "OpenAI", "api_pattern": "https://api", "models": models}]
    path = cache.path()
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(providers))
    yield path
    library.forget()


@pytest.fixture(autouse=True)
def no_list_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_a_rate_that_the_fetched_list_changed_is_named_with_both(fetched):
    found = as_json("openai/gpt-4o-mini")
    assert found["lists"]["bundled"].startswith("genai-prices ")
    assert found["lists"]["fetched"] == str(fetched)
    assert found["differs"][0] == {
        "model": "openai/gpt-4o-mini", "rate": "input", "in_use": "fetched",
        "prices": {"bundled": "0.15", "fetched": "0.3"},
    }  # fmt: skip
    searched = next(row for row in found["differs"] if row["rate"] == "web_search")
    assert searched["prices"] == {"bundled": "0.01", "fetched": None}
    assert {row["rate"] for row in found["differs"]} == {"input", "web_search"}


def test_a_model_that_one_edition_lacks_is_missing_in_that_one(fetched):
    missing = {one["model"]: one["missing_in"] for one in as_json("-p", "openai")["missing"]}
    assert missing["openai/released-tomorrow"] == ["bundled"]
    assert missing["openai/gpt-5"] == ["fetched"]
    assert "openai/gpt-4o-mini" not in missing


def test_what_a_plugin_gives_otherwise_than_the_library_is_named_and_in_use():
    found = as_json("mistral/mistral-large-latest")
    assert found["differs"][0] == {
        "model": "mistral/mistral-large-latest", "rate": "input", "in_use": "plugin",
        "prices": {"bundled": "2", "plugin": "0.5"},
    }  # fmt: skip
    assert found["missing"] == []


def test_a_users_own_list_is_compared_and_wins(tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text(
        '["openai/gpt-4o-*"]\ninput = "0.10"\noutput = "0.60"\n'
        '["openai/gpt-5-mini"]\ninput = "0.25"\noutput = "2"\n'
        '["openai/mine"]\ninput = "1"\noutput = "1"\n'
    )
    found = as_json("-p", "openai", "--prices", str(path))
    differs = {(row["model"], row["rate"]): row for row in found["differs"]}
    row = differs["openai/gpt-4o-mini", "input"]
    assert row["prices"] == {"bundled": "0.15", "yours": "0.1"}
    assert row["in_use"] == "yours"
    assert ("openai/gpt-4o-mini", "output") not in differs  # 0.60 is 0.6
    assert ("openai/gpt-4o-mini", "cache_read") not in differs  # the list leaves it out
    assert not any(model == "openai/gpt-5-mini" for model, _ in differs)
    assert [one["model"] for one in found["missing"]] == ["openai/mine"]


def test_rates_that_differ_for_long_prompts_alone_are_found(tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text('["google/gemini-2.5-pro"]\ninput = "1.25"\noutput = "10"\n')
    rows = as_json("google/gemini-2.5-pro", "--prices", str(path))["differs"]
    assert [row["rate"] for row in rows] == [
        "input, prompt of a million tokens",
        "output, prompt of a million tokens",
    ]
    assert rows[0]["prices"] == {"bundled": "2.5", "yours": "1.25"}


def test_a_model_without_a_price_is_named_with_the_reason():
    done = check("google/gemini-3.8-flash-cyber", "google/gemini-1.5-flash-8b", "openai/gpt-5")
    assert done.exit_code == 0
    assert "gemini-3.8-flash, is another model" in " ".join(done.stdout.split())
    assert "Models compared: 3; different: 0; missing: 1." in done.stdout


def test_all_of_the_installed_providers_are_compared():
    found = as_json()
    assert found["models"] > 1000
    assert {row["model"].partition("/")[0] for row in found["differs"]} == {"mistral"}
    assert found["missing"] == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-p", "nobody"], 'No provider "nobody"'),
        (["gpt-5"], "must name provider and model"),
        (["--prices", "absent.toml"], "cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_an_error_with_words(arguments, text):
    done = check(*arguments)
    assert done.exit_code == 2
    assert text in done.stderr
    assert done.stdout == ""


def test_the_table_has_a_line_per_rate_and_names_the_lists(fetched):
    done = check("openai/gpt-4o-mini")
    assert "bundled" in done.stdout
    assert "fetched" in done.stdout
    assert "0.15" in done.stdout
    assert "Models compared: 1; different: 1; missing: 0." in done.stdout
