#!/usr/bin/env bash
# A Slurm cluster of one machine, for trying profiles/slurm: Debian's slurm-wlm, without accounting.
#
#   sudo tests/cluster/one_machine.sh up        installs and starts it; refused where /etc/slurm has a cluster already
#   sudo tests/cluster/one_machine.sh down      cancels its jobs, stops it and removes what it wrote; the packages stay
set -euo pipefail

folder=${PIXELWISE_CLUSTER:-/tmp/pixelwise-slurm}
conf=$folder/slurm.conf
etc=/etc/slurm # steps look here alone: Snakemake's plugin takes SLURM_CONF from their environment
slots=4 # processors that the node says it has, so that jobs of two threads run side by side on a small machine
name=$(hostname)
name=${name%%.*} # Slurm looks for the node by the short name

install_slurm() {
    local program
    for program in slurmctld slurmd munged sinfo; do
        command -v "$program" >/dev/null && continue
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
        return
    done
}

write_conf() {
    mkdir -p "$folder"/{state,spool,log,munge}
    local memory
    memory=$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
    cat >"$conf" <<CONF
ClusterName=one
SlurmctldHost=$name(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$folder/munge/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
KillWait=30
GresTypes=gpu
NodeName=$name NodeAddr=127.0.0.1 CPUs=$slots Gres=gpu:2 RealMemory=$((memory > 65536 ? memory : 65536)) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=2-0 State=UP
CONF
    # Cards that Slurm counts and nobody has: `device: auto` asks for them, and finds none on the node.
    printf 'Name=gpu File=%s\n' /dev/zero /dev/full >"$folder/gres.conf"
}

up() {
    if [ -e "$etc/slurm.conf" ]; then
        echo "$etc/slurm.conf: exists; this machine has a cluster" >&2
        exit 2
    fi
    install_slurm
    write_conf
    mkdir -p "$etc"
    ln -s "$conf" "$folder/gres.conf" "$etc/"
    dd if=/dev/urandom of="$folder/munge/munge.key" bs=128 count=1 2>/dev/null
    chmod 600 "$folder/munge/munge.key"
    munged --force --key-file="$folder/munge/munge.key" --socket="$folder/munge/munge.socket" \
        --pid-file="$folder/munge/munged.pid" --log-file="$folder/log/munged.log" --seed-file="$folder/munge/seed"
    slurmctld
    slurmd
    for _ in $(seq 60); do
        if [ "$(sinfo -h -o %T 2>/dev/null)" = idle ]; then
            sinfo
            return
        fi
        sleep 1
    done
    echo "$folder/log: the node is not idle after a minute; the logs there say why" >&2
    exit 1
}

down() {
    local jobs
    if [ "$(readlink "$etc/slurm.conf")" = "$conf" ]; then
        for _ in $(seq 40); do # trainings save; what does not end is killed after KillWait
            jobs=$(timeout 10 squeue -h -o %A) && [ -n "$jobs" ] || break
            timeout 10 scancel $jobs || true
            sleep 1
        done
    fi
    for file in slurmd.pid slurmctld.pid munge/munged.pid; do
        [ -f "$folder/$file" ] && kill "$(cat "$folder/$file")" 2>/dev/null || true
    done
    sleep 2
    for file in slurm.conf gres.conf; do
        [ "$(readlink "$etc/$file")" = "$folder/$file" ] && rm "$etc/$file"
    done
    rm -rf "$folder"/{state,spool,log,munge,slurm.conf,gres.conf,slurmd.pid,slurmctld.pid}
    [ ! -d "$folder" ] || rmdir --ignore-fail-on-non-empty "$folder"
}

case ${1:-} in
up | down) "$1" ;;
*)
    echo "usage: $0 up|down" >&2
    exit 2
    ;;
esac
