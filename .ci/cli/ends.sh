# Cancelling, resetting and deleting workflows.

canceled="$me-canceled"
start "$canceled"
temporal workflow cancel -w "$canceled" -- 'Canceled workflow'
refuses CANCELED workflow result -w "$canceled"

reset="$me-reset"
start "$reset"
temporal workflow update execute -w "$reset" --name close --input '"please"' -- 'Result +0'
temporal workflow result -w "$reset" -- COMPLETED
temporal workflow reset -w "$reset" --event-id 4 --reason 'once more' \
    --reapply-exclude Update -- 'to event ID 4'
temporal workflow describe -w "$reset" -o json -- WORKFLOW_EXECUTION_STATUS_RUNNING
temporal workflow terminate -w "$reset" -- 'Workflow terminated'

temporal workflow delete -w "$canceled" --yes -- 'Delete workflow succeeded'
eventually_refuses 'not found' workflow describe -w "$canceled"
