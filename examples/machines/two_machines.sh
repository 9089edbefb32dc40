#!/bin/sh
# A search on two machines. Start it on both, with the number of the machine, 0 or 1:
#
#     sh two_machines.sh 0 --mode=search --model_dir=runs/search
#
# The flags are the same on both. HOSTS are their names or addresses, PORT is free on both.
HOSTS="${HOSTS:-10.0.0.1 10.0.0.2}"
PORT="${PORT:-29500}"

index="$1"
shift
workers=""
for host in $HOSTS; do
    workers="$workers${workers:+, }\"$host:$PORT\""
done
export TF_CONFIG="{\"cluster\": {\"worker\": [$workers]}, \"task\": {\"type\": \"worker\", \"index\": $index}}"
exec "${SNAS:-snas}" "$@"
