"""What a Python client arranges besides: schedules, children with a life of their own, and replays.

    arrangements.py ADDRESS QUEUE PYTHON_QUEUE CLOCK

The workflow `Parcel` is in QUEUE, written in Rust; `Errands` and `PythonRepair` are in PYTHON_QUEUE.
Nothing here depends on the CLOCK.
"""

import asyncio
import os
import sys
import uuid
from datetime import datetime, timedelta, timezone

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleBackfill,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    WithStartWorkflowOperation,
    WorkflowHistory,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from errands import Errands
from repairs import PythonRepair

ADDRESS, QUEUE, PYTHON_QUEUE = sys.argv[1:4]


async def a_schedule_starts_workflows_in_rust(client: Client) -> None:
    name = f"interop-{uuid.uuid4()}"
    action = ScheduleActionStartWorkflow("Parcel", "book", id=name, task_queue=QUEUE)
    daily = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(days=1))])
    schedule = await client.create_schedule(
        name,
        Schedule(action=action, spec=daily, state=ScheduleState(paused=True)),
        memo={"for": "Ada"},
    )

    def change(found) -> ScheduleUpdate:
        found.description.schedule.state.note = "changed"
        return ScheduleUpdate(schedule=found.description.schedule)

    await schedule.update(change)
    year = datetime(2020, 1, 1, tzinfo=timezone.utc)
    days = ScheduleBackfill(
        start_at=year + timedelta(hours=1),
        end_at=year + timedelta(days=2),
        overlap=ScheduleOverlapPolicy.ALLOW_ALL,
    )
    await schedule.backfill(days)
    while (description := await schedule.describe()).info.num_actions < 2:
        await asyncio.sleep(0.02)
    assert await description.memo() == {"for": "Ada"}
    assert description.schedule.state.note == "changed"
    for started in description.info.recent_actions:
        handle = client.get_workflow_handle(started.action.workflow_id)
        assert await handle.result() == "book sent"
    await schedule.delete()
    try:
        await schedule.describe()
        raise AssertionError("the schedule is deleted")
    except RPCError as error:
        assert error.status == RPCStatusCode.NOT_FOUND, error


async def runs_follow_each_other(client: Client) -> WorkflowHistory:
    """Each run does an errand, and the last one tells what the first was given."""
    start = WithStartWorkflowOperation(
        "Errands",
        2,
        id=f"interop-{uuid.uuid4()}",
        task_queue=PYTHON_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        memo={"list": ["tea", "milk"]},
        static_summary="a walk",
    )
    begun = await client.execute_update_with_start_workflow(
        "begin", "now", start_workflow_operation=start, result_type=str
    )
    assert begun == "begun now", begun
    handle = await start.workflow_handle()
    first = client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id)
    assert await handle.result() == {"done": 2, "list": ["tea", "milk"]}
    description = await first.describe()
    assert await description.static_summary() == "a walk"
    return await first.fetch_history()


async def histories_replay(client: Client, histories: list[WorkflowHistory]) -> None:
    handle = await client.start_workflow(
        "PythonRepair",
        args=["mend", "lamp", QUEUE],
        id=f"interop-{uuid.uuid4()}",
        task_queue=PYTHON_QUEUE,
        result_type=str,
    )
    assert await handle.result() == "half a lamp, and the rest"
    histories.append(await handle.fetch_history())
    replayer = Replayer(
        workflows=[Errands, PythonRepair], workflow_runner=UnsandboxedWorkflowRunner()
    )
    for history in histories:
        read = WorkflowHistory.from_json(history.workflow_id, history.to_json())
        await replayer.replay_workflow(read)


async def main() -> None:
    client = await Client.connect(ADDRESS)
    await a_schedule_starts_workflows_in_rust(client)
    history = await runs_follow_each_other(client)
    await histories_replay(client, [history])


asyncio.run(main())
# Threads of the SDK may outlive the interpreter, which then aborts.
os._exit(0)
