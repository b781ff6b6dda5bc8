#!/usr/bin/env bash
# Works with the server at ADDRESS as people do, by Temporal's command line tool, and looks at what
# the tool prints. Runs the same on Outlast's server and on a real one.
#
#     TEMPORAL=temporal PYTHON=python3 .ci/cli.sh ADDRESS [AREAS]
#
# AREAS are files of .ci/cli, by default all. PYTHON has the package temporalio; it serves the workflows.

set -euo pipefail
cd "$(dirname "$0")/.."

address=$1
me="cli-$$-$RANDOM"
queue="$me-queue"
checks=0
output=

# The worker ends when its input does.
coproc worker { exec "$PYTHON" -B testing/tests/interop/worker.py "$address" "$queue" "$me-none"; }
read -r -t 60 ready <&"${worker[0]}"
[ "$ready" = ready ]

# Runs the tool; its output has to match all patterns behind the last `--`.
temporal() {
    local arguments=() pattern
    while [ "$1" != -- ]; do
        arguments+=("$1")
        shift
    done
    shift
    if ! output=$(timeout 60 "$TEMPORAL" "${arguments[@]}" --address "$address" --color never 2>&1 < /dev/null)
    then
        printf 'temporal %s failed:\n%s\n' "${arguments[*]}" "$output"
        exit 1
    fi
    for pattern in "$@"; do
        if ! grep -Eq -- "$pattern" <<< "$output"; then
            printf 'temporal %s does not say "%s":\n%s\n' "${arguments[*]}" "$pattern" "$output"
            exit 1
        fi
        checks=$((checks + 1))
    done
}

# The same, but a server that indexes in its own time may need a moment.
eventually() {
    local attempt
    for attempt in $(seq 50); do
        if (temporal "$@") > /dev/null; then
            break
        fi
        sleep 0.2
    done
    temporal "$@"
}

# The tool has to refuse, and its output to match the pattern.
refuses() {
    local pattern=$1
    shift
    if output=$(timeout 60 "$TEMPORAL" "$@" --address "$address" --color never 2>&1 < /dev/null) ||
        ! grep -Eq -- "$pattern" <<< "$output"
    then
        printf 'temporal %s does not refuse with "%s":\n%s\n' "$*" "$pattern" "$output"
        exit 1
    fi
    checks=$((checks + 1))
}

# The same, but what a server ends in its own time may still be there for a moment.
eventually_refuses() {
    local attempt
    for attempt in $(seq 300); do
        (refuses "$@") > /dev/null && break
        sleep 0.2
    done
    refuses "$@"
}

start() {
    local id=$1
    shift
    temporal workflow start --type PythonOrder --task-queue "$queue" --workflow-id "$id" \
        --input '"Ada"' "$@" -- "WorkflowId +$id"
}

for area in ${2:-workflows ends activities listing batches schedules deployments operator}; do
    # shellcheck source=/dev/null
    . ".ci/cli/$area.sh"
    echo "$area: fine"
done

exec {worker[1]}>&-
wait "$worker_PID" || true
echo "$checks lines of output as expected"
