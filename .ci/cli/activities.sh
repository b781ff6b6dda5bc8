# Completing and failing activities in the worker's place.

wait_for_activity() {
    eventually workflow describe -w "$1" -- 'Pending Activities: 1' 'Started'
}

for end in completed failed; do
    temporal workflow start --type Waiter --task-queue "$queue" --workflow-id "$me-$end" -- RunId
    wait_for_activity "$me-$end"
done
temporal activity complete --activity-id wait -w "$me-completed" --result '"answered"' --
temporal workflow result -w "$me-completed" -- 'COMPLETED' 'answered'
temporal activity fail --activity-id wait -w "$me-failed" --reason 'no answer' --
refuses 'no answer' workflow result -w "$me-failed"
refuses 'workflow execution already completed' activity complete --activity-id wait -w "$me-completed" --result 1
