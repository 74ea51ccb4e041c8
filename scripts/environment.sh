#!/bin/sh
# Print the path of this clone's environment, after making it from requirements.lock where it is not there yet:
#     scripts/environment.sh [arrow]      # arrow: with what reads Parquet and Feather
#
# It is .venvs/HASH, of the lock and the dependencies in pyproject.toml, and made there at once, as scripts in it have
# their path in their first line. .venv is a link, which is turned when all of it is there; environments of before stay,
# as a study may run in them. The package is not installed, but found beside: a copied clone has its own code.
set -eu
export PIP_USER=0 # which some clusters set to 1

clone=$(dirname "$(dirname "$(readlink -f "$0")")")
environments=$clone/.venvs
lock=$environments/lock
# Of torch's file, and so its hash, there are several: it is not in the lock.
torch=$(sed -n 's/^ *"\(torch==[0-9.]*\)",$/\1/p' "$clone/pyproject.toml")

# Not echo, to which a backslash in a path is none.
say() {
    printf '%s\n' "$*"
}

stop() {
    say "error: $*" >&2
    exit 1
}

hash_of() {
    sha256sum | cut -c 1-16
}

# Snakemake writes Python's path into commands as it is. Under a path with other characters than these, it is
# called by a link that has none.
is_plain() {
    case $1 in
    *[!A-Za-z0-9_./+,@=-]*) return 1 ;;
    esac
}

plain_path() {
    is_plain "$1" && say "$1" && return
    cache=${XDG_CACHE_HOME:-${HOME:-}/.cache}
    link=$cache/echolesion/$(printf %s "$1" | hash_of)
    if ! is_plain "$link" || ! mkdir -p "$cache/echolesion" 2>/dev/null || [ ! -w "$cache/echolesion" ]; then
        stop "'$clone' has characters in its path that Python's may not have: move it, or set XDG_CACHE_HOME to a" \
            "folder that can be written and has only letters, digits and ./_+,@=- in its path"
    fi
    [ "$(readlink "$link" || true)" = "$1" ] || turn "$link" "$1"
    say "$link"
}

# In one step, so that there is always a link.
turn() {
    ln -s "$2" "$1.$$"
    mv -T "$1.$$" "$1"
}

# Who holds the lock: host, process, and when this started, as numbers of processes come again.
started() {
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    # Behind the name, which may hold blanks, the 20th.
    set -f
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    set +f
    echo "${20}"
}

me="$(uname -n) $$ $(started $$)"

is_gone() {
    # shellcheck disable=SC2086
    set -- $1
    [ "${1:-}" = "$(uname -n)" ] && [ "$(started "${2:-0}")" != "${3:-}" ]
}

# flock is missing on some disks of clusters; mkdir succeeds once everywhere. Of a dead holder the lock is taken over
# by the one who makes a folder with the holder's number in it, and not removed: another may have taken it before.
acquire() {
    told= nobody=0
    until mkdir "$lock" 2>/dev/null; do
        holder=$(cat "$lock/holder" 2>/dev/null || true)
        if [ -z "$holder" ]; then
            nobody=$((nobody + 1))
            # Killed between the two steps, or on a slow disk.
            [ "$nobody" -lt 20 ] || holder="$(uname -n) none x"
        else
            nobody=0
        fi
        if [ -n "$holder" ] && is_gone "$holder"; then
            # shellcheck disable=SC2086
            set -- $holder
            if mkdir "$lock/after-$2" 2>/dev/null; then
                now=$(cat "$lock/holder" 2>/dev/null || true)
                if [ "$now" = "$holder" ] || [ -z "$now" ]; then
                    break
                fi
                rmdir "$lock/after-$2"
            fi
        elif [ -z "$told" ] && [ -n "$holder" ]; then
            say "echolesion: waiting for the set-up by process $(echo "$holder" | cut -d ' ' -f 2) on ${holder%% *}; if" \
                "there is none, remove '$lock'" >&2
            told=yes
        fi
        sleep 0.5
    done
    echo "$me" >"$lock/holder.$$"
    mv "$lock/holder.$$" "$lock/holder"
    trap release EXIT
    trap 'exit 130' INT TERM HUP
    # What a killed one started may still install.
    while grep -aqs "$environment/bin/[p]ython" /proc/[0-9]*/cmdline && [ ! -e "$environment/complete" ]; do
        sleep 0.5
    done
}

release() {
    [ "$(cat "$lock/holder" 2>/dev/null)" != "$me" ] || rm -rf "$lock"
}

is_whole() {
    [ "$(cat "$environment/complete" 2>/dev/null)" = "$environment" ] && runs
}

runs() {
    [ "$("$environment/bin/python" -c 'import sys; print(sys.prefix)' 2>/dev/null)" = "$environment" ]
}

check_python() {
    python=${PYTHON:-python3}
    command -v "$python" >/dev/null || stop "there is no '$python': install Python 3.11 with venv, or set PYTHON to one"
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
        stop "'$python' does not start: set PYTHON to a Python 3.11, e.g. PYTHON=python3.11 ./run.sh"
    [ "$version" = 3.11 ] ||
        stop "'$python' is Python $version, and 3.11 is needed (others are not tested): set PYTHON to one, e.g." \
            "PYTHON=python3.11 ./run.sh"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        stop "'$python' has no venv: install it (of Debian, the package python3.11-venv)"
}

# Of a step that writes to the record; what pip says has many lines.
attempt() {
    "$@" >>"$record" 2>&1 || {
        said=$(grep -a '^ERROR' "$record" | tail -n 1)
        stop "the environment could not be made (${said:-$(tail -n 1 "$record")}); all that was said is in '$record'," \
            "and .venv is as it was"
    }
}

make() {
    check_python
    echo "echolesion: making the environment from requirements.lock (a minute or two)" >&2
    rm -rf "$environments/$key"
    : >"$record"
    mkdir "$environments/$key"  # where the link leads, if there is one
    attempt "$python" -m venv "$environment"
    attempt "$environment/bin/python" -m pip install --quiet --require-hashes -r "$clone/requirements.lock"
    attempt "$environment/bin/python" -m pip install --quiet "$torch"
    attempt "$environment/bin/python" -m pip check
    # For `. .venv/bin/activate`: the code beside the environment, wherever both are.
    echo 'import os, sys; sys.path.append(os.path.realpath(os.path.join(os.path.realpath(sys.prefix), "../../src")))' \
        >"$environment/lib/python3.11/site-packages/echolesion.pth"
    say "$environment" >"$environment/complete"
    rm "$record"
}

# The paths in a copied or moved one, which its scripts have.
move() {
    "$environment/bin/python" - "$(cat "$environment/complete")" "$environment" <<'PYTHON'
import os, pathlib, sys

old, new = (path.encode() for path in sys.argv[1:])
folder = pathlib.Path(sys.argv[2])
for file in [*folder.glob("bin/*"), folder / "pyvenv.cfg", folder / "complete"]:
    if file.is_file() and not file.is_symlink() and b"\0" not in (content := file.read_bytes()):
        written = file.with_name(f".{file.name}.{os.getpid()}")
        written.write_bytes(content.replace(old, new))
        written.chmod(file.stat().st_mode)
        written.replace(file)  # a new file: the old one may be linked from where this was copied
PYTHON
}

# Before there were several, .venv was a folder.
point() {
    [ "$(readlink "$clone/.venv" || true)" != ".venvs/$key" ] || return 0
    if [ -d "$clone/.venv" ] && [ ! -L "$clone/.venv" ]; then
        mv "$clone/.venv" "$environments/before-$$"
    fi
    before=$(readlink "$clone/.venv" || true)
    turn "$clone/.venv" ".venvs/$key"
    if [ -n "$before" ] && [ "$before" != ".venvs/$key" ] && [ -d "$clone/$before" ]; then
        say "echolesion: the environment of before is kept for studies that run in it; ./run.sh clean $before" >&2
    fi
}

key=$({
    cat "$clone/requirements.lock"
    sed -n '/^dependencies = \[/,/^\]/p' "$clone/pyproject.toml"
} | hash_of)
environment=$(plain_path "$environments/$key")
record=$environments/$key.log

if ! is_whole || [ "$(readlink "$clone/.venv" || true)" != ".venvs/$key" ]; then
    mkdir -p "$environments" 2>/dev/null && [ -w "$environments" ] ||
        stop "'$clone' cannot be written, so its environment cannot be made: take a clone of your own"
    acquire
    if ! is_whole; then
        if [ -e "$environment/complete" ] && runs; then move; else make; fi
    fi
    point
    release
fi
if [ "${1:-}" = arrow ]; then
    wanted=$(hash_of <"$clone/requirements-arrow.lock")
    if [ "$(cat "$environment/arrow" 2>/dev/null)" != "$wanted" ]; then
        acquire
        attempt "$environment/bin/python" -m pip install --quiet --require-hashes -r "$clone/requirements-arrow.lock"
        echo "$wanted" >"$environment/arrow"
        rm "$record"
        release
    fi
fi
say "$environment"
