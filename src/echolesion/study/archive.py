"""Archive: a study as an RO-Crate, a zip archive that says what every file in it is and runs again elsewhere.

It holds the code at its commit, the configuration, shipped data, logs and results; not the sums of the sweeps, which
are large and made again from their seeds, nor data that are not ours to pass on, which are fetched again.
"""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr
from rocrate.model import ContextEntity
from rocrate.rocrate import ROCrate

from echolesion.connectome import catalogue, formats
from echolesion.study.configuration import is_file, series_file

#: What a file is, by suffix.
FORMATS = {
    ".nc": "application/netcdf", ".csv": "text/csv", ".tsv": "text/tab-separated-values", ".png": "image/png",
    ".pdf": "application/pdf", ".log": "text/plain", ".yaml": "application/yaml", ".py": "text/x-python",
    ".json": "application/json", ".md": "text/markdown", ".html": "text/html", ".txt": "text/plain",
    ".svg": "image/svg+xml", ".tiff": "image/tiff",
}  # fmt: skip


def write(study: Path, root: Path, output: Path) -> int:
    """Write the archive of a study.

    Parameters
    ----------
    study : pathlib.Path
        Its folder, ``results/<study>``.
    root : pathlib.Path
        Of the checkout.
    output : pathlib.Path
        The archive, ``.zip``.

    Returns
    -------
    int
        Number of files in it.

    Raises
    ------
    ValueError
        If there is no such study, the code is no checkout of git, or an input lies outside of the working folder.
    """
    finished = study / "tables/decomposition.csv"
    if not finished.exists():
        raise ValueError(f"{study} is not a finished study: there is no {finished}")
    answer = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True, check=False)
    if answer.returncode != 0 or "Snakefile" not in answer.stdout.splitlines():
        raise ValueError(f"{root} is no checkout of git, which says what its files are")
    with xr.open_dataset(next(study.glob("*/decomposition.nc"))) as result:
        origin = dict(result.attrs)
    crate = ROCrate(gen_preview=True)
    crate.name = f"echolesion: study {study.name}"
    crate.description = "Influence of every node of a network on every other, and how much of it the wiring explains"
    crate.license = "https://spdx.org/licenses/MIT"
    main = crate.add_workflow(root / "Snakefile", "Snakefile", main=True, lang="snakemake")
    files = [name for name in answer.stdout.splitlines() if not name.startswith(("tests/", "benchmarks/", "docs/"))]
    for name in files:
        # Data keep the licence that stands beside them.
        licence = f"{Path(name).parent}/LICENSE"
        properties = {"license": licence} if licence in files else {}
        if name != "Snakefile":
            crate.add_file(root / name, name, properties=properties | _format(name))
    for file in _inputs(json.loads(origin["study_configuration"]), root):
        if str(file) in files:
            continue
        crate.add_file(file, str(file), properties=_format(file.name))
    results = []
    for file in sorted(study.rglob("*")):
        place = file.relative_to(study)
        hidden = any(part.startswith(".") for part in place.parts)
        if file.is_file() and not hidden and "sweep" not in place.parts and "noise_curve" not in place.parts:
            results.append(crate.add_file(file, f"results/{study.name}/{place}", properties=_format(file.name)))
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "study.yaml")
        # JSON is YAML.
        configuration.write_text(json.dumps(json.loads(origin["study_configuration"]), indent=2) + "\n")
        settings = crate.add_file(
            configuration, "study.yaml", properties={"name": "configuration", **_format("x.yaml")}
        )
        crate.add_action(
            main, object=[settings], result=results,
            properties={
                "name": f"the study {study.name}",
                "description": "run again with: ./run.sh study --configfile study.yaml",
                "seed": int(origin["study_seed"]),
                "version": origin["git_commit"],
            },
        )  # fmt: skip
        for package, version in json.loads(origin["versions"]).items():
            software = {"@type": "SoftwareApplication", "name": package, "softwareVersion": version}
            main.append_to("softwareRequirements", crate.add(ContextEntity(crate, f"#{package}", properties=software)))
        partial = output.with_suffix(".partial")
        crate.write_zip(partial)
        partial.replace(output)
    return len(files) + len(results) + 1


def _inputs(config: Mapping[str, Any], root: Path) -> list[Path]:
    """Return the files of a study that are its user's."""
    named = [name for name in config["connectomes"] if is_file(name, config["catalogue"])]
    named += [path for entry in config["catalogue"].values() for path in formats.files(entry).values()]
    series, shipped = series_file(config, root)
    named += [series] if series and not shipped else []
    files = [file for name in named for file in catalogue.found(name, Path()) if file.exists()]
    if outside := [name for name in named if Path(name).is_absolute() or ".." in Path(name).parts]:
        raise ValueError(f"{outside[0]} lies outside of this folder, so no archive of it runs elsewhere: copy it here")
    return files


def _format(name: str) -> dict[str, str]:
    suffix = Path(name).suffix
    return {"encodingFormat": FORMATS[suffix]} if suffix in FORMATS else {}
