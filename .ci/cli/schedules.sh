# Schedules, from their creation to their end.

schedule="$me-schedule"
temporal schedule create --schedule-id "$schedule" --interval 24h --type Sender \
    --task-queue "$queue" --workflow-id "$me-scheduled" --input '[]' --
refuses 'already' schedule create --schedule-id "$schedule" --interval 24h --type Sender \
    --task-queue "$queue" --workflow-id "$me-scheduled"
temporal schedule describe --schedule-id "$schedule" -- "ScheduleId +$schedule"
eventually schedule list -- "$schedule"
temporal schedule trigger --schedule-id "$schedule" -- 'Trigger request sent'
eventually workflow list --query "WorkflowId STARTS_WITH '$me-scheduled'" -- Sender
temporal schedule toggle --schedule-id "$schedule" --pause --reason 'a holiday' --
eventually schedule describe --schedule-id "$schedule" -- 'a holiday'
temporal schedule backfill --schedule-id "$schedule" --start-time 2020-01-01T12:00:00Z \
    --end-time 2020-01-03T12:00:00Z --overlap-policy AllowAll -- 'Backfill request sent'
temporal schedule delete --schedule-id "$schedule" --
