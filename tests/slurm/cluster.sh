#!/usr/bin/env bash
# A real SLURM cluster on this machine, for tests: Debian's packages, no systemd, no cgroups, pretend nodes and GPUs.
#
#   cluster.sh install            packages (needs root); no service is started
#   cluster.sh start [NODES]      munge, accounting, controller and nodes (default 2), each of 4 CPUs, 8 GB and 2 GPUs
#   cluster.sh kill-node NODE     as if the node crashed: its daemon and all its job steps are killed
#   cluster.sh start-node NODE    bring it back
#   cluster.sh stop               end what was started here, by recorded process numbers
#
# Everything is in $SLURM_LAB (default /tmp/echolesion-slurm) but one link, /etc/slurm/slurm.conf: Snakemake's jobs drop
# every SLURM_* variable before they call srun, SLURM_CONF too. A slurm.conf of somebody else is never replaced. Only
# loopback addresses are used.
set -euo pipefail

lab=${SLURM_LAB:-/tmp/echolesion-slurm}
link=/etc/slurm/slurm.conf
port=26917 # the controller; + 1 accounting, + 2 its database, + 10 and more the nodes
export PATH=$PATH:/usr/sbin:/sbin SLURM_CONF=$lab/etc/slurm.conf

die() {
    echo "cluster.sh: $*" >&2
    exit 1
}

# until_ready SECONDS WHAT COMMAND...
until_ready() {
    local last=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $last ] || die "$what is not ready; see $lab/log"
        sleep 0.2
    done
}

# daemon NAME COMMAND...: start it in the background and record its process number
daemon() {
    local name=$1
    shift
    setsid "$@" >>"$lab/log/$name.out" 2>&1 </dev/null &
    echo $! >"$lab/run/$name.pid"
}

install_packages() {
    [ "$(id -u)" = 0 ] || die "install needs root"
    # Packages must not start services.
    local policy=/usr/sbin/policy-rc.d made=no
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        made=yes
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -y -q --no-install-recommends munge slurmctld slurmd slurm-client slurmdbd mariadb-server
    [ $made = no ] || rm $policy
}

configure() {
    local nodes=$1 user
    user=$(id -un)
    mkdir -p "$lab"/{etc,run,log,munge,state,spool,db,dev}
    chmod 755 "$lab" "$lab"/{etc,run,log,munge,spool,dev}
    chmod 700 "$lab/state"
    install -m 600 /dev/null "$lab/etc/slurmdbd.conf"
    cat >"$lab/etc/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$lab/munge/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((port + 1))
SlurmUser=$user
LogFile=$lab/log/slurmdbd.log
PidFile=$lab/run/slurmdbd.own.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((port + 2))
StorageLoc=slurm_acct_db
StorageUser=slurm
StoragePass=slurm
CONF
    # A GPU is a link to a character device; the flag makes SLURM set CUDA_VISIBLE_DEVICES. One setting a line.
    ln -sfn /dev/null "$lab/dev/gpu0"
    ln -sfn /dev/null "$lab/dev/gpu1"
    printf '%s\n' AutoDetect=off "Name=gpu Type=fake File=$lab/dev/gpu[0-1] Flags=nvidia_gpu_env" >"$lab/etc/gres.conf"
    # No cgroups are used; the file keeps the daemons from looking for them.
    printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n' >"$lab/etc/cgroup.conf"
    cat >"$lab/etc/slurm.conf" <<CONF
ClusterName=lab
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$lab/munge/munge.socket
StateSaveLocation=$lab/state
SlurmdSpoolDir=$lab/spool/%n
SlurmctldPidFile=$lab/run/slurmctld.own.pid
SlurmdPidFile=$lab/run/slurmd-%n.own.pid
SlurmctldLogFile=$lab/log/slurmctld.log
SlurmdLogFile=$lab/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=bf_interval=1,sched_min_interval=500000,batch_sched_delay=0
GresTypes=gpu
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
OverTimeLimit=0
InactiveLimit=0
SlurmdTimeout=30
SlurmctldTimeout=30
Waittime=0
DefMemPerCPU=500
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((port + 1))
AccountingStoragePass=$lab/munge/munge.socket
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=2
JobAcctGatherParams=OverMemoryKill
NodeName=node[1-$nodes] NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=[$((port + 10))-$((port + 9 + nodes))] CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=8000 Gres=gpu:fake:2 State=UNKNOWN
PartitionName=cpu Nodes=node[1-$nodes] Default=YES MaxTime=2-00:00:00 DefaultTime=00:10:00 State=UP
PartitionName=gpu Nodes=node[1-$nodes] MaxTime=2-00:00:00 DefaultTime=00:10:00 State=UP
CONF
}

start() {
    local nodes=${1:-2} user sql_user i
    user=$(id -un)
    command -v slurmctld munged mariadbd >/dev/null || die "not installed: cluster.sh install"
    if [ -e $link ] && [ "$(readlink $link)" != "$lab/etc/slurm.conf" ]; then
        die "$link is not of this script: this machine has a SLURM already"
    fi
    if [ -s "$lab/run/slurmctld.pid" ] && kill -0 "$(cat "$lab/run/slurmctld.pid")" 2>/dev/null; then
        die "is running already: cluster.sh stop"
    fi
    # What an earlier run left over says nothing about this one.
    rm -rf "$lab"
    configure "$nodes"
    mkdir -p /etc/slurm
    ln -sfn "$lab/etc/slurm.conf" $link

    (umask 077 && head -c 1024 /dev/urandom >"$lab/munge/munge.key")
    daemon munged munged --foreground --key-file="$lab/munge/munge.key" --socket="$lab/munge/munge.socket" \
        --pid-file="$lab/run/munged.own.pid" --log-file="$lab/log/munged.log" --seed-file="$lab/munge/munge.seed"
    until_ready 10 munge munge -n --socket="$lab/munge/munge.socket"

    sql_user=$user
    if [ "$(id -u)" = 0 ]; then
        sql_user=mysql
        chown mysql "$lab/db"
    fi
    mariadb-install-db --no-defaults --user="$sql_user" --datadir="$lab/db" --skip-test-db \
        --auth-root-authentication-method=normal >"$lab/log/mariadb-install.log" 2>&1
    daemon mariadbd mariadbd --no-defaults --user="$sql_user" --datadir="$lab/db" --socket="$lab/db/mysqld.sock" \
        --pid-file="$lab/db/mariadbd.pid" --bind-address=127.0.0.1 --port=$((port + 2)) \
        --innodb-buffer-pool-size=64M --innodb-lock-wait-timeout=900 --innodb-log-file-size=32M
    until_ready 60 mariadb mariadb-admin --no-defaults --socket="$lab/db/mysqld.sock" -uroot ping
    mariadb --no-defaults --socket="$lab/db/mysqld.sock" -uroot <<SQL
CREATE DATABASE IF NOT EXISTS slurm_acct_db;
CREATE USER IF NOT EXISTS 'slurm'@'127.0.0.1' IDENTIFIED BY 'slurm';
CREATE USER IF NOT EXISTS 'slurm'@'localhost' IDENTIFIED BY 'slurm';
GRANT ALL ON slurm_acct_db.* TO 'slurm'@'127.0.0.1', 'slurm'@'localhost';
SQL
    daemon slurmdbd slurmdbd -D
    until_ready 60 slurmdbd sacctmgr -n list cluster
    sacctmgr -i add cluster lab >/dev/null 2>&1 || true
    sacctmgr -i add account lab Cluster=lab Description=lab Organization=lab >/dev/null 2>&1 || true
    sacctmgr -i add user "$user" Account=lab Cluster=lab DefaultAccount=lab >/dev/null 2>&1 || true

    daemon slurmctld slurmctld -D -i
    until_ready 30 slurmctld scontrol ping
    for i in $(seq 1 "$nodes"); do daemon "slurmd-node$i" slurmd -D -N "node$i"; done
    until_ready 30 nodes sh -c "[ \$(sinfo -h -N -p cpu -t idle -o %N | wc -l) -eq $nodes ]"
    sinfo -h -N -p cpu -o '%N cpus=%c mem=%mM gres=%G'
}

stop() {
    local file pid
    for file in "$lab"/run/slurmd-*.pid "$lab"/run/{slurmctld,slurmdbd,mariadbd,munged}.pid; do
        case $file in *.own.pid) continue ;; esac
        [ -s "$file" ] || continue
        pid=$(cat "$file")
        kill -TERM "$pid" 2>/dev/null || true
        for _ in $(seq 1 100); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
        rm "$file"
    done
    [ "$(readlink $link 2>/dev/null)" != "$lab/etc/slurm.conf" ] || rm $link
}

# A process and everything below it.
tree() {
    local child
    echo "$1"
    for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do tree "$child"; done
}

kill_node() {
    local node=$1 socket job pid pids
    pids=$(cat "$lab/run/slurmd-$node.pid")
    for socket in "$lab/spool/$node/${node}_"*; do # one per job step: NODE_JOB.STEP
        [ -e "$socket" ] || continue
        job=${socket##*_}
        for pid in $(pgrep -f "^slurmstepd: \[${job%%.*}[.]" || true); do pids="$pids $(tree "$pid" | tr '\n' ' ')"; done
    done
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || true
    rm "$lab/run/slurmd-$node.pid"
    # What the controller does by itself after SlurmdTimeout.
    scontrol update NodeName="$node" State=DOWN Reason=killed
}

start_node() {
    daemon "slurmd-$1" slurmd -D -N "$1"
    sleep 1
    scontrol update NodeName="$1" State=RESUME 2>/dev/null || true
    until_ready 30 "$1" sh -c "sinfo -h -N -n $1 -p cpu -o %T | grep -qE '^(idle|mixed|allocated)\$'"
}

case ${1:-} in
install) install_packages ;;
start) start "${2:-}" ;;
stop) stop ;;
kill-node) kill_node "${2:?node}" ;;
start-node) start_node "${2:?node}" ;;
*)
    sed -n '2,13p' "$0" | cut -c3-
    exit 2
    ;;
esac
