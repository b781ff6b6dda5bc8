# Schedules, from their creation to their end.

schedule="$me-schedule"
temporal schedule create --schedule-id "$schedule" --interval 24h --type Sender \
    --task-queue "$queue" --workflow-id "$me-scheduled" --input '[]' --
refuses 'already' schedule create --schedule-id "$schedule" --interval 24h --type Sender \
    --task-queue "$queue" --workflow-id "$me-scheduled"
temporal schedule describe --schedule-id "$schedule" -- "ScheduleId +$schedule" \
    '"Workflow":"Sender"' '"every":"1d 0h 0m 0s"' 'Paused +false' 'NextRunTime +.* from now'
eventually schedule list -- "$schedule +.\"Workflow\":\"Sender\". +false"

temporal schedule trigger --schedule-id "$schedule" -- 'Trigger request sent'
eventually workflow list --query "WorkflowId STARTS_WITH '$me-scheduled'" -- Sender

temporal schedule toggle --schedule-id "$schedule" --pause --reason 'a holiday' --
eventually schedule describe --schedule-id "$schedule" -- 'Paused +true' 'Notes +a holiday'
temporal schedule toggle --schedule-id "$schedule" --unpause --reason 'back again' --
eventually schedule describe --schedule-id "$schedule" -- 'Paused +false' 'Notes +back again'

temporal schedule backfill --schedule-id "$schedule" --start-time 2020-01-01T12:00:00Z \
    --end-time 2020-01-03T12:00:00Z --overlap-policy AllowAll -- 'Backfill request sent'
for day in 02 03; do
    eventually workflow list --query "WorkflowId = '$me-scheduled-2020-01-${day}T00:00:00Z'" -- Sender
done

temporal schedule delete --schedule-id "$schedule" -- 'Schedule deleted'
eventually_refuses 'not found' schedule describe --schedule-id "$schedule"
