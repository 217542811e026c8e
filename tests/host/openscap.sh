#!/bin/sh
# Judge the disk of a local guest by OpenSCAP's content for Ubuntu 16.04: openscap.sh GUEST_DIRECTORY ROOT_FILESYSTEM PROFILE
# Prints the results (XCCDF). The guest is not touched: a view of its disk, which claims to be 16.04, is laid over it.
set -eu
[ "${4:-}" = alone ] || exec unshare --mount "$0" "$1" "$2" "$3" alone
# Seen by this script alone.
scratch=/mnt
mount -t tmpfs openscap "$scratch"
mkdir -p "$scratch/view" "$scratch/work" "$scratch/claim/etc"
cat > "$scratch/claim/etc/os-release" << CLAIM
NAME="Ubuntu"
VERSION="16.04.7 LTS (Xenial Xerus)"
ID=ubuntu
ID_LIKE=debian
VERSION_ID="16.04"
CLAIM
cat > "$scratch/claim/etc/lsb-release" << CLAIM
DISTRIB_ID=Ubuntu
DISTRIB_RELEASE=16.04
DISTRIB_CODENAME=xenial
CLAIM
mount -t overlay openscap -o "lowerdir=$1/upper:$2,upperdir=$scratch/claim,workdir=$scratch/work" "$scratch/view"
# Settings of this machine's apt, which OpenSCAP's reader of packages would take for the guest's.
mount -t tmpfs openscap /etc/apt/apt.conf.d
export OSCAP_PROBE_ROOT="$scratch/view" OSCAP_EVALUATION_TARGET="chroot://$1"
# 2: some rule fails.
oscap xccdf eval --profile "xccdf_org.ssgproject.content_profile_$3" --results "$scratch/results.xml" \
    /usr/share/xml/scap/ssg/content/ssg-ubuntu1604-ds.xml > "$scratch/said" 2>&1 || [ $? -eq 2 ] || { cat "$scratch/said" >&2; exit 1; }
cat "$scratch/results.xml"
