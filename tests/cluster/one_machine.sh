#!/usr/bin/env bash
# A Slurm cluster of one machine, for trying profiles/slurm: Debian's slurm-wlm, without accounting.
#
#   sudo tests/cluster/one_machine.sh up        installs and starts it; refused where /etc/slurm has a cluster already
#   sudo tests/cluster/one_machine.sh down      stops it and removes what it wrote; the packages stay
set -euo pipefail

folder=${PIXELWISE_CLUSTER:-/tmp/pixelwise-slurm}
conf=$folder/slurm.conf
etc=/etc/slurm # steps look here alone: Snakemake's plugin takes SLURM_CONF from their environment
slots=4 # processors that the node says it has, so that jobs of two threads run side by side on a small machine

install_slurm() {
    if ! command -v slurmctld slurmd munged >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
    fi
}

write_conf() {
    mkdir -p "$folder"/{state,spool,log,munge}
    local memory
    memory=$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
    cat >"$conf" <<CONF
ClusterName=one
SlurmctldHost=$(hostname)(127.0.0.1)
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
NodeName=$(hostname) NodeAddr=127.0.0.1 CPUs=$slots Gres=gpu:2 RealMemory=$((memory > 65536 ? memory : 65536)) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=2-0 State=UP
CONF
    # Cards that Slurm counts and nobody has: `device: auto` asks for them, and finds none on the node.
    printf 'Name=gpu File=%s\n' /dev/zero /dev/full >"$folder/gres.conf"
}

up() {
    install_slurm
    if [ -e "$etc/slurm.conf" ]; then
        echo "$etc/slurm.conf: exists; this machine has a cluster" >&2
        exit 2
    fi
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
        [ "$(sinfo -h -o %T 2>/dev/null)" = idle ] && break
        sleep 1
    done
    sinfo
}

down() {
    for file in slurmd.pid slurmctld.pid munge/munged.pid; do
        [ -f "$folder/$file" ] && kill "$(cat "$folder/$file")" 2>/dev/null || true
    done
    sleep 2
    for file in slurm.conf gres.conf; do
        [ "$(readlink "$etc/$file")" = "$folder/$file" ] && rm "$etc/$file"
    done
    rm -rf "$folder"
}

case ${1:-} in
up | down) "$1" ;;
*)
    echo "usage: $0 up|down" >&2
    exit 2
    ;;
esac
