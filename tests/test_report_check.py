"""What ``rustabi check`` prints, and its exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rustabi.cli import main
from rustabi.report.contract import ADAPTER
from tests.kernel_files import modinfo, module_data, symvers_text, write

EXPORTS = {"module_layout": 1, "alpha": 0xA, "beta": 0xB}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "good.ko", module_data(["alpha"], EXPORTS, info=modinfo(name="good")))
    bad = EXPORTS | {"beta": 0xBAD}
    write(tmp_path, "bad.ko", module_data(["alpha", "beta"], bad, info=modinfo(name="bad")))
    write(tmp_path, "broken.ko", "hello")
    write(tmp_path, "Module.symvers", symvers_text(EXPORTS))
    write(tmp_path, "part.symvers", symvers_text({"alpha": 0xA}, module="drivers/x"))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("good.ko --kernel Module.symvers", 0),
        ("good.ko --kernel Module.symvers --fail-on risky", 0),
        ("good.ko --kernel Module.symvers --fail-on risky,gap", 2),
        ("bad.ko --kernel Module.symvers", 1),
        ("good.ko bad.ko --kernel Module.symvers --fail-on gap", 1),
        ("bad.ko --kernel part.symvers", 2),
        ("broken.ko --kernel Module.symvers", 2),
        ("good.ko broken.ko --kernel Module.symvers", 2),
        ("bad.ko broken.ko --kernel Module.symvers", 1),
        ("good.ko", 2),
        ("good.ko --kernel gone", 2),
        ("good.ko --kernel broken.ko", 2),
        ("good.ko --kernel Module.symvers --fail-on never", 2),
        ("good.ko --kernel Module.symvers --fail-on ,", 2),
    ],
)
@pytest.mark.usefixtures("files")
def test_exit_codes(arguments: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *arguments.split()]) == code
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.usefixtures("files")
def test_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "good.ko", "bad.ko", "broken.ko", "--kernel", "Module.symvers"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "INCOMPATIBLE: of 3 modules, 1 refused by the loader, 1 without verdict"
    assert "  would the kernel load it: yes    would it run correctly: unknown" in lines
    assert "    beta: module 0x00000bad, kernel 0x0000000b (Module.symvers)" in lines
    assert "  layout     not run    1 gap" in lines
    assert any(line.startswith("  cannot be read  broken.ko: not an ELF file") for line in lines)


@pytest.mark.usefixtures("files")
def test_the_gaps_of_the_layers_are_those_that_are_listed(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = modinfo(name="worse")
    worse = EXPORTS | {"beta": 0xBAD}
    write(files, "worse.ko", module_data(["alpha", "beta"], worse, info=info))
    main(["check", "good.ko", "worse.ko", "--kernel", "Module.symvers", "--format", "json"])
    modules = json.loads(capsys.readouterr().out)["modules"]
    counts = [sum(len(layer["gaps"]) for layer in each["layers"]) for each in modules]
    main(["check", "good.ko", "worse.ko", "--kernel", "Module.symvers"])
    page = capsys.readouterr().out
    good, worse_page, shared = re.split(r"\n\n(?=worse  |not checked)", page)
    by_layer = [
        sum(map(int, re.findall(r"(\d+) gaps?$", each, re.M))) for each in (good, worse_page)
    ]
    assert by_layer == counts
    ((own, elsewhere),) = re.findall(r"not checked \((\d+) gap, and (\d+) of all mod", worse_page)
    (of_each,) = re.findall(r"not checked, for any of the modules \((\d+) gaps of each\)", shared)
    assert (int(own) + int(elsewhere), int(of_each)) == (counts[1], counts[0])
    assert of_each == elsewhere
    assert "  toolchain  ok         1 fact, " in page
    # Nothing is known of why beta's version differs: the section says so where it stands.
    assert "  reasons    why the versions differ: not known, 1 gap\n" in worse_page


@pytest.mark.usefixtures("files")
def test_the_page_says_when_gaps_fail(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "good.ko", "--kernel", "Module.symvers"])
    assert "gaps fail" not in capsys.readouterr().out
    main(["check", "good.ko", "--kernel", "Module.symvers", "--fail-on", "gap"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("NO VERDICT: ")
    assert lines[-1] == "gaps fail because of --fail-on gap; the lists say why each is one"


@pytest.mark.usefixtures("files")
def test_the_json_keeps_its_contract(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["check", "good.ko", "bad.ko", "broken.ko", "--kernel", "Module.symvers"]
    main([*command, "--format", "json"])
    text = capsys.readouterr().out
    report = json.loads(text)
    ADAPTER.validate_json(text)
    assert (report["report"], report["verdict"]) == ("check", "incompatible")
    good, bad, broken = report["modules"]
    assert (good["loads"], bad["loads"], broken["loads"]) == ("yes", "no", "unknown")
    assert broken["layers"] == []
    assert "not an ELF file" in broken["error"]
    versions = next(layer for layer in bad["layers"] if layer["name"] == "versions")
    assert [note["kind"] for note in versions["problems"]] == ["version-differs"]
    main([*command, "--format", "json"])
    assert capsys.readouterr().out == text


@pytest.mark.usefixtures("files")
def test_a_bad_line_of_symvers_is_told_with_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    text = symvers_text(EXPORTS) + "0x1 what is this\n"
    Path("bad.symvers").write_text(text)
    assert main(["check", "good.ko", "--kernel", "bad.symvers"]) == 2
    error = capsys.readouterr().err
    assert "bad.symvers:4" in error
    assert "0x1 what is this" in error


def test_help_tells_the_layers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--help"]) == 0
    text = capsys.readouterr().out
    for word in ("symbols", "versions", "toolchain", "layout", "--baseline", "--fail-on", "exit"):
        assert word in text
