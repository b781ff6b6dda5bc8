# The same for many workflows at once.

# The job that the tool has just started. A real server does one at a time.
job_is_done() {
    job=$(sed -n 's/^Started batch for job ID: *//p' <<< "$output")
    eventually batch describe --job-id "$job" -- 'State +Completed' "Type +$1" 'CompletedCount +2/2'
}

for number in 1 2; do
    start "$me-many-$number"
done
many="WorkflowId STARTS_WITH '$me-many-'"
eventually workflow count --query "$many" -- 'Total: 2'
temporal workflow signal --query "$many" --name add --input '"tea"' --reason 'for all' --yes -- \
    'Started batch for job ID'
job_is_done SignalWorkflow
for number in 1 2; do
    temporal workflow query -w "$me-many-$number" --type count -- 'QueryResult +1'
done
temporal workflow terminate --query "$many" --reason 'seen enough' --yes -- \
    'Started batch for job ID'
job_is_done TerminateWorkflow
eventually workflow count --query "$many AND ExecutionStatus = 'Terminated'" -- 'Total: 2'
eventually batch list -- "$job +Completed"
