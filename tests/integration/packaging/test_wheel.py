"""The wheel holds ``nexdeck`` alone, with every file of it, and works beside somebody else's ``app`` and ``models``."""

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.programs import running_studio

ROOT = Path(__file__).parents[3]
PARTS = ("app", "pages", "services", "models", "examples")
FOREIGN = "raise SystemExit(f'{__name__} of the current folder was imported')\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that a build leaves nothing in the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for part in (*PARTS, "nexdeck"):
        shutil.copytree(ROOT / part, source / part, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", folder, source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_every_file_in_one_package(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    files = [file for part in PARTS for file in (ROOT / part).rglob("*") if file.is_file()]
    wanted = {f"nexdeck/{file.relative_to(ROOT)}" for file in files if "__pycache__" not in file.parts}
    assert wanted - carried == set()
    assert {name.split("/")[0] for name in carried if ".dist-info/" not in name} == {"nexdeck"}


def test_the_installed_wheel_does_the_main_job_beside_a_foreign_app_and_models(wheel: Path, tmp_path: Path) -> None:
    program = (str(installed(wheel, tmp_path / "clean") / "nexdeck"),)
    foreign = tmp_path / "foreign"
    for name in PARTS:
        (foreign / name).mkdir(parents=True)
        (foreign / name / "__init__.py").write_text(FOREIGN)
    (foreign / "shout.py").write_text("def shout(text: str) -> str:\n    return text.upper()\n")
    with running_studio(tmp_path / "run", program, foreign, PYTHONPATH=str(foreign)) as studio:

        def nexdeck(*arguments: str) -> str:
            done = studio.cli(*arguments)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        nexdeck("agents", "import", "shout.py")
        nexdeck("deploy", "shout")
        assert "HELLO" in nexdeck("run", "shout", "text=hello")
        assert studio.http.get("/deployments").status_code == 200
        nexdeck("undeploy", "shout", "--yes")
        assert studio.cli("run", "shout", "text=hello").returncode != 0


def installed(wheel: Path, environment: Path) -> Path:
    """The ``bin`` of a new environment with the wheel in it; the libraries are this environment's.

    They are found through a .pth file, whose folder's own .pth files (this checkout's among them) are not read.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=120)
    python = environment / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", wheel]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (packages,) = (environment / "lib").glob("python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return environment / "bin"
