#!/bin/sh
# Run on the host to be judged, as root, in the folder that Lynis was unpacked into: print its report.
#
# In a container kernel.*, fs.* and vm.* are the machine's and cannot be set. There Lynis is shown the value that the host's
# files ask for, before and after the hardening alike: a judge of what is configured, not of what a kernel does.
set -eu
cd "$(dirname "$0")"
if [ "${1:-}" != shown ]; then
    exec unshare --mount sh ./lynis.sh shown
fi
if systemd-detect-virt --quiet --container; then
    mkdir parameters
    /lib/systemd/systemd-sysctl --cat-config | sed -nE 's/^-?([a-z][a-z0-9_.-]*) *= *([^ ]+)$/\1 \2/p' > parameters.list
    while read -r name value; do
        path=/proc/sys/$(echo "$name" | tr . /)
        if [ ! -e "parameters/$name" ] && [ -e "$path" ] && [ ! -w "$path" ]; then
            : > "parameters/$name"
            mount --bind "parameters/$name" "$path"
        fi
        [ ! -e "parameters/$name" ] || echo "$value" > "parameters/$name"
    done < parameters.list
fi
sh ./lynis audit system --profile "$PWD/default.prf" --plugindir "$PWD/plugins" --cronjob --no-colors --no-log \
    --report-file "$PWD/report" > /dev/null
cat report
