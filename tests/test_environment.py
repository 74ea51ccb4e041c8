"""pyproject.toml, environment.yml, requirements.lock and what is installed must name the same packages."""

import re
import sys
import tomllib
from importlib import metadata

import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from echolesion.records import origin

CONDA_NAMES = {"pytorch": "torch", "snakemake-minimal": "snakemake", "matplotlib-base": "matplotlib"}


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def declared():
    return {(r := Requirement(text)).name.lower(): r.specifier for text in project()["dependencies"]}


def locked():
    files = [ROOT / "requirements.lock", ROOT / "requirements-arrow.lock"]
    lines = [line for file in files for line in file.read_text().splitlines()]
    return dict(re.match(r"([\w.-]+)==(\S+)", line).groups() for line in lines if re.match(r"[\w.-]+==", line))


def test_conda_names_the_same_packages_and_versions():
    def pip_style(version):
        return SpecifierSet(",".join(v if v[0] in "<>=" else f"=={v}" for v in version.split(",")))

    entries = [entry.split(" ") for entry in yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]]
    conda = {CONDA_NAMES.get(name, name): pip_style(version) for name, version in entries}
    assert SpecifierSet(project()["requires-python"]) == SpecifierSet(">=3.11")
    assert conda.pop("python") == SpecifierSet(">=3.11,<3.12")
    assert conda == declared()


def test_the_lock_satisfies_the_project():
    lock = locked()
    extras = [Requirement(text) for extra in project()["optional-dependencies"].values() for text in extra]
    wanted = declared() | {r.name.lower(): r.specifier for r in extras}
    # torch is installed beside the lock, as its file differs between machines.
    assert set(wanted) - set(lock) == {"torch"}
    for name, specifier in wanted.items():
        assert name == "torch" or specifier.contains(lock[name]), name


def test_installed_is_what_is_locked():
    for name, version in locked().items():
        assert metadata.version(name) == version
    assert declared()["torch"].contains(metadata.version("torch").split("+")[0])


def test_every_package_that_is_imported_is_declared():
    modules = {"yaml": "pyyaml", "netCDF4": "netcdf4", "lazy_loader": "lazy-loader"}
    imported = set()
    for file in [*(ROOT / "src").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]:
        imported |= set(re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(), re.MULTILINE))
    third_party = {modules.get(name, name) for name in imported - {"echolesion"} - set(sys.stdlib_module_names)}
    # netCDF4 is named where xarray is told to use it, and the executor in profiles/slurm.
    arrow = {Requirement(text).name for text in project()["optional-dependencies"]["arrow"]}
    assert third_party | {"netcdf4", "snakemake-executor-plugin-slurm"} == set(declared()) | arrow


def test_recorded_versions_are_of_packages_that_are_there():
    """Conda users do not install this package itself: its version must not be asked for."""
    assert {name.lower() for name in origin.RECORDED} <= set(declared())
