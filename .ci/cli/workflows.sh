# Starting, signalling, querying, updating, describing and showing workflows.

order="$me-order"
start "$order"
temporal workflow signal -w "$order" --name add --input '"tea"' -- 'Signal workflow succeeded'
temporal workflow query -w "$order" --type count -- 'QueryResult +1'
refuses 'say please' workflow update execute -w "$order" --name close --input '"now"'
temporal workflow describe -w "$order" -- "WorkflowId +$order" 'Type +PythonOrder' 'HistoryLength +[0-9]'
temporal workflow update execute -w "$order" --name close --input '"please"' -- 'Result +1'
temporal workflow show -w "$order" -- WorkflowExecutionStarted WorkflowExecutionSignaled \
    WorkflowExecutionUpdateAccepted WorkflowExecutionUpdateCompleted
temporal workflow show -w "$order" -o json -- '"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"'
temporal workflow terminate -w "$order" --reason 'seen enough' -- 'Workflow terminated'
temporal workflow describe -w "$order" -o json -- WORKFLOW_EXECUTION_STATUS_TERMINATED
temporal workflow trace -w "$order" -- 'x PythonOrder' 'Termination reason: seen enough'
refuses 'workflow execution already completed' workflow signal -w "$order" --name add
refuses 'not found' workflow describe -w "$me-nobody"

temporal workflow execute --type Sender --task-queue "$queue" --workflow-id "$me-sender" \
    --input '[]' -- 'Status +COMPLETED' 'Result'
temporal workflow result -w "$me-sender" -- 'Status +COMPLETED'
