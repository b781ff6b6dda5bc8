# Listing and counting workflows, and who polls.

eventually workflow list --query "WorkflowId = '$me-order'" -- "Terminated +$me-order +PythonOrder"
eventually workflow list --query "WorkflowId STARTS_WITH '$me-' AND ExecutionStatus = 'Completed'" \
    -o json -- "\"$me-sender\""
eventually workflow count --query "WorkflowId = '$me-order'" -- 'Total: 1'
refuses 'invalid query' workflow list --query 'Nonsense'
# The worker's process and host are its name.
identity="$worker_PID@$(hostname)"
eventually task-queue describe --task-queue "$queue" -- 'UNVERSIONED +workflow +0 ' \
    "UNVERSIONED +workflow +$identity" "UNVERSIONED +activity +$identity"
