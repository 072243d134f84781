"""What is installed from the wheel finds its configuration, from whatever directory it is started in."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = "import sys, uv_build; print(uv_build.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    built = tmp_path_factory.mktemp("built")
    # the build backend looks for its own program on PATH
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-c", BUILD, str(built)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = built.glob("terasu-*.whl")
    target = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(target)
    return target


def test_check_runs_from_an_empty_directory_on_the_packaged_configuration(installed, tmp_path):
    environment = {name: text for name, text in os.environ.items() if name != "TERASU_CONFIG"}
    answer = subprocess.run(
        [sys.executable, "-m", "daq.cli", "check", "--offline"],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"{installed / 'config'}: ")
    assert "bl09u" in answer.stdout


def test_the_wheel_holds_every_file_of_the_configuration(installed):
    kept = {path.relative_to(ROOT) for path in (ROOT / "config").rglob("*") if path.suffix in (".toml", ".json")}
    assert kept
    missing = {str(path) for path in kept if not (installed / path).is_file()}
    assert not missing
