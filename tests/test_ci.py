"""The recipes for CI: valid by others' schemas, and run on a sample repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from rustabi.cli.parser import parser
from rustabi.report.formats import TOKENS
from tests.ci_formats import Page, junit_results, workflow_commands
from tests.kernel_files import modinfo, module_data, symvers_text, write
from tests.support import OBJECTS, ROOT

ACTION = ROOT / "action.yml"
GITLAB = ROOT / "ci" / "gitlab.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
NO_NETWORK = "No matching distribution|NewConnectionError|name resolution"
CASES = {"base": (0, "compatible"), "changed": (1, "incompatible"), "gone": (2, "error")}
"""A build of the sample repository -> exit code and verdict against its baseline."""


def recipe(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# form


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-actions", ACTION),
        ("vendor.gitlab-ci", GITLAB),
    ],
    ids=["action", "gitlab"],
)
def test_recipes_are_as_the_published_schemas_say(schema: str, path: Path) -> None:
    said = CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, str(path)])
    assert said.exit_code == 0, said.output


def test_scripts_are_good_shell() -> None:
    scripts = [str(path) for path in (ROOT / "scripts").glob("*.sh")]
    command = [str(Path(sys.executable).parent / "shellcheck"), *scripts]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_hooks_are_as_pre_commit_wants_them() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(HOOKS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_input_of_the_action_reaches_the_script() -> None:
    action = recipe(ACTION)
    given = {
        value for step in action["runs"]["steps"] for value in step.get("env", {}).values()
    } | {value for step in action["runs"]["steps"] for value in step.get("with", {}).values()}
    given.add(action["runs"]["steps"][1]["working-directory"])
    assert {f"${{{{ inputs.{name} }}}}" for name in action["inputs"]} <= given


def test_no_input_is_pasted_into_a_script() -> None:
    """A pasted one would let whoever writes it run commands."""
    for step in recipe(ACTION)["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_scripts_know_the_variables_that_the_action_sets() -> None:
    for step in recipe(ACTION)["runs"]["steps"][:2]:
        name = step["run"].rpartition("/")[2].strip('"')
        script = (ROOT / "scripts" / name).read_text(encoding="utf-8")
        assert os.access(ROOT / "scripts" / name, os.X_OK)
        assert set(step["env"]) == set(re.findall(r"RUSTABI_[A-Z_]+", script))


# a sample repository


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A baseline, three builds, and modules with a kernel; ``rustabi`` is on the path."""
    folder = tmp_path / "repository"
    for name, sample in (("abi/baseline", "old"), ("build/base", "old"), ("build/changed", "new")):
        target = folder / f"{name}.o"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(OBJECTS / f"nested_change-{sample}.o", target)
    exports = {"module_layout": 1, "alpha": 0xA, "beta": 0xB}
    write(folder, "good.ko", module_data(["alpha"], exports, info=modinfo(name="good")))
    bad = exports | {"beta": 0xBAD}
    write(folder, "bad.ko", module_data(["alpha", "beta"], bad, info=modinfo(name="bad")))
    write(folder, "Module.symvers", symvers_text(exports))
    return folder


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """That of a runner: its files lie beside the repository, and the tools are those of here."""
    beside = folder.parent
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return kept | {
        "PATH": path,
        "GITHUB_OUTPUT": str(beside / "output"),
        "GITHUB_PATH": str(beside / "path"),
        "GITHUB_STEP_SUMMARY": str(beside / "summary.md"),
        "GITHUB_ACTION_PATH": str(ROOT),
        "RUNNER_TEMP": str(beside / "temp"),
        **settings,
    }


def gate(folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's step that runs rustabi, with its inputs or their defaults.

    What is written in capitals is a variable, not an input.
    """
    action = recipe(ACTION)
    step = action["runs"]["steps"][1]
    settings = {}
    for name, text in step["env"].items():
        wanted = text.removeprefix("${{ inputs.").removesuffix(" }}")
        settings[name] = inputs.get(wanted.replace("-", "_"), action["inputs"][wanted]["default"])
    settings |= {name: value for name, value in inputs.items() if name.isupper()}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=folder, env=environment(folder, **settings), capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def outputs(folder: Path) -> dict[str, str]:
    lines = (folder.parent / "output").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def levels(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The levels of what stands before the log, which the runner does not interpret."""
    before, _, rest = done.stdout.partition("::stop-commands::")
    token = rest.partition("\n")[0]
    assert done.stdout.endswith(f"::{token}::\n")
    return [each.level for each in workflow_commands(before)]


@pytest.mark.parametrize("build", CASES)
def test_the_action_compares_annotates_and_reports(repository: Path, build: str) -> None:
    code, verdict = CASES[build]
    done = gate(repository, old="abi/baseline.o", new=f"build/{build}.o")
    assert done.returncode == code
    assert done.stderr == ""
    assert ("error" in levels(done)) == (code != 0)
    told = outputs(repository)
    assert (told["verdict"], told["exit-code"]) == (verdict, str(code))
    report = Path(told["report"])
    assert sorted(each.name for each in report.iterdir()) == [
        "report.json", "report.md", "report.txt", "report.xml",
    ]  # fmt: skip
    assert f'"verdict": "{verdict}"' in (report / "report.json").read_text()
    summary = (repository.parent / "summary.md").read_text()
    assert summary == (report / "report.md").read_text()
    assert summary.startswith("### rustabi")
    results = junit_results((report / "report.xml").read_text())
    assert {each.result for each in results if each.name == "verdict"} == {
        {0: "passed", 1: "failure", 2: "error"}[code]
    }
    if build == "changed":
        assert "nested_change::clock::Clock" in Page(summary).code
        assert "member added  divider: u16 at 6" in done.stdout


def test_the_action_without_annotations_and_summary(repository: Path) -> None:
    done = gate(
        repository, old="abi/baseline.o", new="build/changed.o", annotations="false",
        summary="false", formats="json", report="out/of the way",
    )  # fmt: skip
    assert done.returncode == 1
    assert levels(done) == []
    assert "INCOMPATIBLE" in done.stdout
    assert not (repository.parent / "summary.md").exists()
    assert [each.name for each in (repository / "out/of the way").iterdir()] == ["report.json"]


def test_the_action_checks_modules(repository: Path) -> None:
    done = gate(repository, command="check", modules="good.ko\n", kernel="Module.symvers\n")
    assert done.returncode == 0, done.stdout
    done = gate(repository, command="check", modules="good.ko\nbad.ko", kernel="Module.symvers")
    assert done.returncode == 1
    assert levels(done)[0] == "error"
    done = gate(
        repository, command="check", modules="good.ko", kernel="Module.symvers", fail_on="gap"
    )
    assert done.returncode == 2


def test_the_action_takes_rules_and_arguments(repository: Path) -> None:
    rules = repository / "my rules.toml"
    rules.write_text('[[rules]]\ntype = "nested_change::*"\nreason = "known"\n')
    builds = {"old": "abi/baseline.o", "new": "build/changed.o"}
    assert gate(repository, **builds, rules="my rules.toml").returncode == 0
    assert gate(repository, **builds, arguments="--opaque=nested_*\n--all").returncode == 0
    (repository / "nested_change_as_the_glob_would_find").touch()
    assert gate(repository, **builds, arguments="--opaque=nested_*").returncode == 0


@pytest.mark.parametrize(
    "inputs",
    [
        {}, {"old": "abi/baseline.o"}, {"command": "explain"}, {"command": "check"},
        {"old": "a", "new": "b", "formats": "pdf"}, {"old": "--help", "new": "--help"},
        {"old": "abi/baseline.o", "new": "build/base.o", "arguments": "--help"},
    ],
)  # fmt: skip
def test_the_action_with_wrong_inputs_is_no_pass(repository: Path, inputs: dict[str, str]) -> None:
    done = gate(repository, **inputs)
    assert done.returncode == 2
    assert "::error " in done.stdout
    assert outputs(repository)["verdict"] == "error"


@pytest.mark.parametrize("end", ["exit 0", "kill -9 $$", "exit 127"])
def test_the_action_takes_no_earlier_report_for_that_of_a_run_that_died(
    repository: Path, tmp_path: Path, end: str
) -> None:
    builds = {"old": "abi/baseline.o", "new": "build/base.o"}
    assert gate(repository, **builds).returncode == 0
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "rustabi").write_text(f"#!/bin/sh\n{end}\n")
    (tools / "rustabi").chmod(0o755)
    done = gate(repository, **builds, PATH=f"{tools}:{os.environ['PATH']}")
    assert done.returncode == 2
    assert "::error " in done.stdout
    assert outputs(repository)["verdict"] == "error"
    assert list((repository / "rustabi-report").iterdir()) == []


def test_the_action_without_a_temporary_folder(repository: Path) -> None:
    builds = {"old": "abi/baseline.o", "new": "build/base.o"}
    assert gate(repository, **builds, TMPDIR=str(repository / "absent")).returncode == 2
    assert gate(repository, **builds, report="a\nverdict=compatible").returncode == 2


@pytest.mark.parametrize("build", CASES)
def test_the_jobs_for_gitlab(repository: Path, build: str) -> None:
    code, verdict = CASES[build]
    settings = {"RUSTABI_OLD": "abi/baseline.o", "RUSTABI_NEW": f"build/{build}.o"}
    done = gitlab_job(repository, ".rustabi-diff", settings)
    assert done.returncode == code
    assert f'"verdict": "{verdict}"' in (repository / "rustabi-report/report.json").read_text()
    report = recipe(GITLAB)[".rustabi"]["artifacts"]["reports"]["junit"]
    assert len(junit_results((repository / report).read_text())) > 0


def test_the_job_for_gitlab_that_checks_modules(repository: Path) -> None:
    settings = {"RUSTABI_KERNEL": "Module.symvers", "RUSTABI_MODULES": "good.ko"}
    assert gitlab_job(repository, ".rustabi-check", settings).returncode == 0
    strict = {**settings, "RUSTABI_OPTIONS": "--fail-on risky,gap"}
    assert gitlab_job(repository, ".rustabi-check", strict).returncode == 2
    both = {**settings, "RUSTABI_MODULES": "good.ko bad.ko"}
    assert gitlab_job(repository, ".rustabi-check", both).returncode == 1


def gitlab_job(
    folder: Path, name: str, settings: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """The lines of a job as GitLab's runner runs them, but for those that install."""
    jobs = recipe(GITLAB)
    job = {**jobs[jobs[name]["extends"]], **jobs[name]}
    variables = {**jobs[".rustabi"]["variables"], **jobs[name]["variables"], **settings}
    lines = [line for line in job["before_script"] if "venv" not in line]
    assert len(lines) == 2
    script = "\n".join(["set -eo pipefail", *lines, *job["script"]])
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment(folder, **variables),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


# pre-commit


def test_the_hooks_run_commands_that_exist() -> None:
    for hook in recipe(HOOKS):
        program, command = hook["entry"].split()
        assert program == "rustabi"
        arguments = {"diff": ["a", "b"], "check": ["--kernel=k", "m.ko"]}[command]
        assert parser().parse_args([command, *arguments]).command == command


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(
    not (ROOT / ".git").exists() or shutil.which("git") is None, reason="no clone, or no git"
)
def test_pre_commit_runs_the_hooks(repository: Path, tmp_path: Path) -> None:
    """As in somebody's repository: pre-commit clones this one, installs it, runs its hooks."""
    source = tmp_path / "rustabi"
    for name in git(ROOT, "ls-files", "rustabi", "*.toml", "*.md", "*.yaml", "LICENSE*").split():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    for folder in (source, repository):
        git(folder, "init", "--quiet")
        git(folder, "add", "--all", "--force")
        git(folder, "commit", "--quiet", "--message", "all")
    (repository / "Cargo.toml").touch()
    config = {
        "repos": [
            {
                "repo": str(source),
                "rev": git(source, "rev-parse", "HEAD").strip(),
                "hooks": [
                    {"id": "rustabi-diff", "args": ["abi/baseline.o", "build/changed.o"]},
                    {"id": "rustabi-check", "args": ["--kernel=Module.symvers"]},
                ],
            }
        ]
    }
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(repository, "add", "--all", "--force")
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose"], cwd=repository,
        env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache"), "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    if re.search(NO_NETWORK, said):
        pytest.skip("no package index can be reached")
    assert "INCOMPATIBLE: 1 type changed" in said
    assert "INCOMPATIBLE: of 2 modules, 1 refused by the loader" in said
    assert done.returncode == 1


@pytest.mark.slow
def test_the_action_installs_itself(repository: Path) -> None:
    """From a clone, as the runner has it: then the next step finds the program on its path."""
    (repository.parent / "temp").mkdir()
    settings = environment(repository, RUSTABI_INSTALL="")
    step = recipe(ACTION)["runs"]["steps"][0]
    done = subprocess.run(
        ["bash", "-c", step["run"]], cwd=repository, env=settings, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if re.search(NO_NETWORK, done.stdout + done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    (folder,) = (repository.parent / "path").read_text().splitlines()
    assert Path(folder).is_relative_to(repository.parent / "temp")
    said = subprocess.run([f"{folder}/rustabi", "--version"], capture_output=True, check=True)
    assert said.stdout.decode() in done.stdout
    path = f"{folder}:{os.environ['PATH']}"
    builds = {"old": "abi/baseline.o", "new": "build/changed.o"}
    assert gate(repository, PATH=path, **builds).returncode == 1


def test_the_action_refuses_an_old_python(repository: Path, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    settings = environment(repository, PYTHON=str(python))
    script = ROOT / "scripts" / "ci_install.sh"
    done = subprocess.run([script], env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout.startswith("::error title=rustabi needs Python 3.11 or newer::")


# documentation


def examples() -> list[str]:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    return re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)


def test_the_examples_are_as_the_published_schemas_say(tmp_path: Path) -> None:
    *workflows, gitlab, pre_commit = examples()
    for number, text in enumerate([*workflows, gitlab]):
        path = tmp_path / f"{number}.yml"
        path.write_text(text)
        schema = "vendor.gitlab-ci" if text is gitlab else "vendor.github-workflows"
        said = CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, str(path)])
        assert said.exit_code == 0, said.output
    path = tmp_path / "config.yaml"
    path.write_text(pre_commit)
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_examples_name_inputs_jobs_and_hooks_that_exist() -> None:
    *workflows, gitlab, pre_commit = (yaml.safe_load(text) for text in examples())
    inputs, told = recipe(ACTION)["inputs"], recipe(ACTION)["outputs"]
    for workflow in workflows:
        for step in next(iter(workflow["jobs"].values()))["steps"]:
            if "/rustabi@" in step.get("uses", ""):
                assert set(step["with"]) <= set(inputs)
            for output in re.findall(r"steps\.rustabi\.outputs\.([a-z-]+)", str(step)):
                assert output in told
    jobs = recipe(GITLAB)
    for job in (gitlab["abi"], gitlab["modules"]):
        known = jobs[job["extends"]]["variables"] | jobs[".rustabi"]["variables"]
        assert set(job["variables"]) <= set(known)
    (repository,) = pre_commit["repos"]
    assert {each["id"] for each in repository["hooks"]} == {each["id"] for each in recipe(HOOKS)}


def test_the_page_names_every_format() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z]+)` \|", page, re.MULTILINE) == list(TOKENS)
