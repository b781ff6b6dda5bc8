"""Workflows and activities that fail, are interrupted, are called off, or take a month."""

import asyncio
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ActivityCancellationType


@activity.defn(name="mend")
async def mend(item: str) -> str:
    """Is interrupted once, and goes on where it was."""
    done = list(activity.info().heartbeat_details)
    if not done:
        activity.heartbeat(f"half a {item}")
        raise ApplicationError("the phone rang", type="Interrupted")
    return f"{done[0]}, and the rest"


@activity.defn(name="refuse")
async def refuse(item: str) -> str:
    raise ApplicationError("not worth it", item, 3, type="TooOld", non_retryable=True)


@activity.defn(name="watch")
async def watch(item: str) -> str:
    """Goes on until it is told to stop."""
    try:
        while True:
            activity.heartbeat(f"watching the {item}")
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        return f"the {item} is put away"


@workflow.defn(name="PythonRepair")
class PythonRepair:
    """One step of a repair; the activities are those of the other language."""

    @workflow.run
    async def run(self, step: str, item: str, other_queue: str) -> str:
        if step == "fail":
            raise ApplicationError(
                "cannot be mended", item, 3, type="Hopeless", non_retryable=True
            )
        if step == "rest":
            await workflow.sleep(timedelta(days=30))
            return f"the {item} has rested"
        return await workflow.execute_activity(
            step,
            item,
            task_queue=other_queue,
            start_to_close_timeout=timedelta(minutes=1),
            heartbeat_timeout=timedelta(seconds=20),
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=10)),
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            result_type=str,
        )
