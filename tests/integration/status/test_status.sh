#!/usr/bin/env bash
# Statuses of orders: a worker posts them, the sandbox despatches them in parts, pollers are killed between their commit and Redis, Redis is emptied.
# What is in orders.status is judged by its own rows (test_status.py).
# usage: test_status.sh BIN-FOLDER
set -euo pipefail

export PRIMAFLOW_BIN=$1
TMP=$(mktemp -d)
export TMP
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../own_stack.sh"

own_stack
worker worker.log
python3 -B "$(dirname "${BASH_SOURCE[0]}")/test_status.py" "$D" || FAILED=1
exit "$FAILED"
