"""The command line as a contract: commands, exit codes, one JSON document on standard output, files written whole."""

import json
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from lindos.cli import COMMANDS, exit_code

CONTRACT = {"command", "version", "inputs", "results", "warnings"}


def document(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert exit_code(arguments) == 0
    out = capsys.readouterr().out
    parsed: dict[str, object] = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    return parsed


@pytest.mark.parametrize(
    "arguments",
    [
        ["campaign", "one-node"],
        ["site", "one-node"],
        ["fleet", "colossus-1"],
        ["roadmap", "chip-demand"],
        ["audit"],
        ["step", "--model", "llama-3.1-8b", "--cluster", "hgx-h100", "--gpus", "8", "--global-batch-size", "128"],
        ["step", "--model", "deepseek-v3", "--cluster", "colossus-2", "--precision", "fp8"],
        ["search", "--model", "llama-3.1-8b", "--cluster", "hgx-h100", "--gpus", "64", "--pipeline-parallel", "1"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_json_follows_the_contract(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    found = document([*arguments, "--json"], capsys)
    assert set(found) >= CONTRACT
    assert found["command"] == arguments[0]
    results = found["results"]
    assert isinstance(results, dict)
    for result in results.values():
        assert set(result) >= {"value", "unit", "low", "high", "why", "sources"}


def test_run_writes_three_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(["run", "one-node", "--out", str(tmp_path / "out"), "--json"], capsys)
    written = {path.name: path for path in (tmp_path / "out").iterdir()}
    assert set(written) == {"report.html", "results.json", "results.parquet"}
    assert json.loads(written["results.json"].read_text()) == found
    table = parquet.read_table(written["results.parquet"])
    assert table.num_rows == len(found["results"])  # type: ignore[arg-type]
    assert {"scenario", "section", "name", "value", "unit", "low", "high", "why", "sources"} <= set(table.column_names)


def test_run_prints_a_summary_and_keeps_progress_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["run", "one-node", "--out", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("One node, eight H100")
    assert "Report: " in captured.err
    assert "Report: " not in captured.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code([name, "--help"]) == 0
    assert "Usage: lindos" in capsys.readouterr().out


def test_the_starter_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert exit_code(["init"]) == 0
    assert exit_code(["run", "scenario.yaml", "--out", "out"]) == 0
    assert exit_code(["init"]) == 2
    assert exit_code(["init", "--force"]) == 0
    assert "a file that does not exist yet" in capsys.readouterr().err


def test_a_users_catalogue_changes_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("systems:\n  hgx-h100:\n    price: $200k\n")
    usual = document(["site", "one-node", "--json"], capsys)
    own = document(["site", "one-node", "--json", "--catalog", str(mine)], capsys)
    price = "site.capex.systems"
    assert usual["results"][price]["value"] == 310_000  # type: ignore[index]
    assert own["results"][price]["value"] == 200_000  # type: ignore[index]


def test_the_catalogue_is_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["catalog", "list"]) == 0
    assert "h100-sxm" in capsys.readouterr().out
    assert exit_code(["catalog", "show", "H100_SXM"]) == 0
    out = capsys.readouterr().out
    assert "80 GB" in out
    assert "https://" in out
    assert exit_code(["catalog", "list", "--json"]) == 0
    assert any(entry["name"] == "grok-2" for entry in json.loads(capsys.readouterr().out))


def test_a_site_can_be_used_in_part(capsys: pytest.CaptureFixture[str]) -> None:
    step = ["step", "--model", "grok-2", "--cluster", "colossus-1", "--json"]
    found = document([*step, "--gpus", "160k"], capsys)
    assert found["results"]["cluster.num_devices"]["value"] == 160_000  # type: ignore[index]
    assert exit_code([*step, "--gpus", "1M"]) == 2
    assert "gpus is 1000000 and the GPUs of colossus-1 is 230000" in capsys.readouterr().err
    assert exit_code([*step, "--gpus", "-3"]) == 2


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(["schema"], capsys)
    assert found["title"] == "Lindos scenario"


def test_a_huggingface_config_is_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {
                "model_type": "llama",
                "hidden_size": 4096,
                "num_hidden_layers": 32,
                "num_attention_heads": 32,
                "num_key_value_heads": 8,
                "intermediate_size": 14336,
                "vocab_size": 128256,
            }
        )
    )
    flags = ["--cluster", "hgx-h100", "--gpus", "8", "--global-batch-size", "128", "--json"]
    own = document(["step", "--model", str(config), *flags], capsys)
    shipped = document(["step", "--model", "llama-3.1-8b", *flags], capsys)
    assert own["results"]["step.time"]["value"] == shipped["results"]["step.time"]["value"]  # type: ignore[index]


LLAVA = {"model_type": "llava", "text_config": {"model_type": "llama", "vocab_size": 32064}, "vision_config": {}}


def test_a_configuration_is_shown_as_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "llava.json"
    file.write_text(json.dumps(LLAVA | {"text_config": LLAVA["text_config"] | {"color": "red"}}))
    shown = document(["catalog", "show", str(file), "--json"], capsys)
    assert shown["parameters"] == pytest.approx(6.74e9, rel=1e-3)
    assert shown["active_parameters"] == shown["parameters"]
    assert shown["layers"]["dense"] == shown["layers"]["full_attention"] == 32  # type: ignore[index]
    assert shown["defaults"]["hidden_size"] == 4096  # type: ignore[index]
    assert shown["not_understood"] == ["color"]
    assert shown["left_out"] == ["vision_config"]
    assert exit_code(["catalog", "show", str(file)]) == 0
    text = capsys.readouterr().out
    assert "6.739 billion" in text
    assert "not understood, and ignored:\n    color" in text


def test_a_configuration_that_is_refused_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bert.json"
    file.write_text(json.dumps({"model_type": "bert"}))
    assert exit_code(["catalog", "show", str(file), "--json"]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert "bidirectional attention" in error


@pytest.mark.parametrize("command", ["step", "search"])
def test_an_answer_says_how_a_configuration_was_read(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"model_type": "llama", "color": "red", "num_nextn_predict_layers": 1}))
    flags = ["--cluster", "hgx-h100", "--gpus", "8", "--global-batch-size", "128", "--json"]
    warnings = document([command, "--model", str(file), *flags], capsys)["warnings"]
    (defaults,) = [text for text in warnings if "library's defaults" in text]  # type: ignore[union-attr]
    assert defaults.startswith("job.model: the file leaves these")
    assert "hidden_size 4096" in defaults
    assert any("not understood and were left aside: color" in text for text in warnings)  # type: ignore[union-attr]
    assert any("1 layer of multi-token prediction" in text for text in warnings)  # type: ignore[union-attr]


def test_a_model_of_the_catalogue_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    shown = document(["catalog", "show", "deepseek-v3", "--json"], capsys)
    assert shown["parameters"] == pytest.approx(671e9, rel=1e-3)
    assert shown["layers"] == {
        "total": 61,
        "dense": 3,
        "experts": 58,
        "full_attention": 61,
        "windowed_attention": 0,
        "recurrent": 0,
        "recurrent_kinds": "",
        "without_feed_forward": 0,
        "multi_token_prediction": 1,
    }


def test_search_answers_with_the_plan_and_its_gpus(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--model", "llama-3.1-8b", "--cluster", "hgx-h100", "--gpus", "256", "--minimise", "gpus"]
    goal = ["--tokens", "1T tokens", "--deadline", "60 days"]
    assert exit_code(["search", *flags, *goal]) == 0
    text = " ".join(capsys.readouterr().out.split())
    search = document(["search", *flags, *goal, "--json"], capsys)
    assert isinstance(search["results"], dict)
    results = search["results"]
    devices, days = results["search.devices"]["value"], results["campaign.duration"]["value"] / 86400
    assert f"uses {devices:.0f} of 256 GPUs" in text
    assert f"takes {days:.3g} days" in text
    assert "The plan \u00b7 memory" in text
    assert "data parallel" in text


def test_search_finds_what_step_takes(capsys: pytest.CaptureFixture[str]) -> None:
    """The best plan of a search is the plan of a step that leaves the same open, and its step is that step."""
    flags = ["--model", "llama-3.1-8b", "--cluster", "hgx-h100", "--gpus", "71", "--global-batch-size", "192", "--json"]
    search, step = document(["search", *flags], capsys), document(["step", *flags], capsys)
    for name in ("step.time", "step.mfu", "step.memory", "step.num_devices", "step.idle_devices"):
        found = [one["results"][name]["value"] for one in (search, step)]  # type: ignore[index]
        assert found[0] == pytest.approx(found[1])
    plans = search["tables"]["search.plans"]  # type: ignore[index]
    assert plans["columns"] == ["", "1", "2", "3", "4", "5"]
    cells = {str(row[0]).replace(" ", "-"): row[2] for row in plans["rows"]}
    fixed = {name: cell if isinstance(cell, str) else f"{cell['value']:.0f}" for name, cell in cells.items()}
    degrees = ("tensor-parallel", "pipeline-parallel", "virtual-stages", "data-parallel", "micro-batch-size")
    words = ("sharding", "recompute", "schedule")
    second = [part for name in (*degrees, *words) for part in (f"--{name}", fixed[name])]
    again = document(["step", *flags, *second], capsys)
    assert again["results"]["step.tokens_per_second"]["value"] <= step["results"]["step.tokens_per_second"]["value"]  # type: ignore[index]


MINE = """\
name: ../../x
title: "[/bold] \\e[2J\\e]0;gone\\a"
statement: "[link=file:///etc/passwd]here"
cluster: {pools: [{system: hgx-h100, gpus: 8}]}
"""


def test_names_and_texts_of_a_file_stay_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in ("mine", "other of mine"):
        Path(f"{name}.yaml").write_text(MINE)
        assert exit_code(["run", f"{name}.yaml"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
    folders = sorted(path.name for path in Path("lindos-out").iterdir())
    assert len(folders) == 2
    assert "mine" in folders
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert "[/bold]" in captured.out
    page = next(Path("lindos-out").glob("other*/report.html")).read_text()
    assert "<pre>lindos run &#x27;other of mine.yaml&#x27;</pre>" in page


def test_markup_in_a_catalogue_is_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text('systems:\n  hgx-h100:\n    title: "[/80 GB] [link=x]"\n')
    assert exit_code(["catalog", "list", "systems", "--catalog", str(mine)]) == 0
    out = capsys.readouterr().out
    assert "[/80 GB] " in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    "options",
    [["--gpus", "8", "--gpus", "16"], ["--gpus=8", "--gpus", "8"], ["--fabric", "a", "--gpus", "8", "--fabric=b"]],
    ids=" ".join,
)
def test_an_option_given_twice_is_an_error(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["step", "--model", "llama-3.1-8b", "--cluster", "hgx-h100", *options]) == 2
    assert "but takes one value" in capsys.readouterr().err


def test_repeatable_options_and_values_that_look_like_options_are_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["audit", "--json", "--json", "--catalog", "a.yaml", "--catalog", "a.yaml"]) == 2
    assert "a.yaml" in capsys.readouterr().err
    assert exit_code(["step", "--model", "--gpus", "--gpus", "8", "--cluster", "hgx-h100"]) == 2
    assert "given once" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["x" * 300, "\ud800", "a\0b", "file/below", "folder"])
def test_a_name_that_no_starter_can_have_is_a_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    assert exit_code(["init", str(tmp_path / name)]) == 2
    assert "file is " in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_starter_with_blanks_in_its_name_says_how_to_run_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["init", str(tmp_path / "my file.yaml")]) == 0
    assert f"lindos run '{tmp_path}/my file.yaml'" in capsys.readouterr().err


def test_set_changes_a_field_of_the_scenario_or_of_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    def site(*words: str) -> dict[str, float]:
        results = document(["site", "one-node", *words, "--json"], capsys)["results"]
        return {name: entry["value"] for name, entry in results.items()}  # type: ignore[attr-defined]

    usual = site()
    assert site("--set", "site.pue=2")["site.power.total"] > usual["site.power.total"]
    dear = site("--set", "catalog.systems.hgx-h100.price=$400k", "--set", "site.years=3")
    assert dear["site.capex.systems"] > usual["site.capex.systems"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "site.pue"], "--set is 'site.pue', but must be PATH=VALUE"),
        (["--set", "site.peu=1.2"], "Did you mean pue"),
        (["--set", "site.pue=1,2"], "1,2"),
        (["--set", "site.pue=1.2", "--set", "site.pue=1.3"], "the only value of site.pue"),
        (["--set", "catalog.systems.hgx-h100.prise=$1"], "Did you mean price"),
        (["--set", "catalog.systems.hgx-h10.price=$1"], "hgx-h10"),
        (["--set", "catalog.system.hgx-h100.price=$1"], "Did you mean systems"),
        (["--set", "catalog.systems.hgx-h100=$1"], "a field of an entry"),
    ],
)
def test_a_wrong_change_is_one_sentence(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["site", "one-node", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_a_step_is_that_of_a_scenario_or_of_the_options_and_not_of_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["step", "one-node", "--set", "job.sequence_length=4096", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["inputs"]["job"]["sequence_length"] == 4096
    assert document["results"]["step.time"]["value"] > 0
    assert exit_code(["step", "one-node", "--tensor-parallel", "2"]) == 2
    assert "--tensor-parallel is 2, but must be left out beside a scenario" in capsys.readouterr().err
    assert exit_code(["step", "--cluster", "hgx-h100"]) == 2
    assert "--model is required without a scenario" in capsys.readouterr().err
    assert exit_code(["step", "--model", "llama-3.1-8b", "--cluster", "hgx-h100", "--set", "job.model=x"]) == 2
    assert "--set is 'job.model=x', but must be left out without a scenario" in capsys.readouterr().err
