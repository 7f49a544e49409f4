#!/usr/bin/env bash
# A real Slurm of one node with two CPUs, for tests: `tests/slurm.sh start FOLDER`, then `tests/slurm.sh stop FOLDER`.
#
# All that it writes, and its sockets, lie in FOLDER; its daemons are the caller's, without systemd, on free ports of the
# loopback. A Slurm or a munge that the machine has of its own is not touched. `start` prints what to export, `eval` it.
# Exit codes: 1 it did not come up (FOLDER has the logs), 2 bad arguments, 3 Debian's slurm-wlm or munge is missing.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin" # where Debian has the daemons

main() {
    if [[ $# -ne 2 || ($1 != start && $1 != stop) ]]; then
        echo "usage: $0 start|stop FOLDER" >&2
        exit 2
    fi
    mkdir -p "$2"
    folder=$(cd "$2" && pwd)
    export SLURM_CONF="$folder/slurm.conf"
    "$1"
}

start() {
    need slurmctld slurmd sbatch munged
    if ! is_alive slurmctld || ! is_alive slurmd || ! is_alive munged; then
        stop
        start_munged
        write_configuration
        slurmctld -c # clean: jobs of an earlier start are of no interest
        slurmd -c
        wait_until_idle
    fi
    printf 'export SLURM_CONF=%q PATH=%q\n' "$SLURM_CONF" "$folder/bin:$PATH"
}

stop() {
    if is_alive slurmctld && is_alive slurmd; then
        scancel --quiet --user="$(id -un)" || true # slurmd by itself leaves the processes of jobs behind
        for _ in {1..100}; do
            [[ -z "$(squeue --noheader 2>&1)" ]] && break
            sleep 0.1
        done
    fi
    for daemon in slurmd slurmctld munged; do
        if is_alive "$daemon"; then
            kill "$(<"$folder/$daemon.pid")"
            for _ in {1..100}; do
                is_alive "$daemon" || break
                sleep 0.1
            done
        fi
        rm -f "$folder/$daemon.pid"
    done
}

need() {
    for program in "$@"; do
        if ! type -P "$program" >/dev/null; then
            echo "$0 needs $program: apt-get install slurm-wlm munge" >&2
            exit 3
        fi
    done
}

# By name too, for the number in an old file may be another process's by now. The dead that nobody waits for have none.
is_alive() {
    local pid
    pid=$(cat "$folder/$1.pid" 2>&1) && grep -qs "$1" "/proc/$pid/cmdline"
}

start_munged() {
    if [[ ! -s "$folder/munge.key" ]]; then
        (umask 077 && head -c 1024 /dev/urandom >"$folder/munge.key")
    fi
    # By force, for munge wants a socket that all users reach, but a temporary folder is its owner's alone.
    munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
        --log-file="$folder/munged.log" --seed-file="$folder/munge.seed" 2>>"$folder/munged.log" || fail munged
}

write_configuration() {
    mkdir -p "$folder/state" "$folder/spool" "$folder/bin"
    local host user
    host=$(hostname -s)
    user=$(id -un)
    cat >"$SLURM_CONF" <<EOF
ClusterName=mgu
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
MailProg=/bin/true
# Seconds from SIGTERM, which submitit ignores, to SIGKILL.
KillWait=2
# Containers have no cgroups to give away.
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
# Two CPUs even where the machine has one.
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=2
PartitionName=all Nodes=ALL Default=YES MaxTime=60
EOF
    # submitit asks `sacct` how a job ended, which needs a database; the controller knows it as well.
    cat >"$folder/bin/sacct" <<'EOF'
#!/bin/sh
echo "JobID|State|NodeList"
squeue --noheader --array --states=all --format="%i|%T|%N" # of array jobs, %i is JOB_TASK
EOF
    chmod +x "$folder/bin/sacct"
}

free_port() {
    local port
    while port=$((20000 + RANDOM % 10000)) && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}

wait_until_idle() {
    for _ in {1..1200}; do # on a busy machine; daemons that do not come up are found out in two minutes, too
        [[ "$(sinfo --noheader --format=%T 2>&1)" == idle ]] && return
        sleep 0.1
    done
    fail slurmctld slurmd
}

fail() {
    for daemon in "$@"; do
        echo "$0: $daemon did not come up, see $folder/$daemon.log:" >&2
        tail -n 3 "$folder/$daemon.log" >&2 || true
    done
    stop
    exit 1
}

main "$@"
