"""A worker for the interoperation tests: workflows and activities in Python.

    worker.py ADDRESS QUEUE OTHER_QUEUE

Says "ready" when it polls, and ends with its input. The activity `price` and the workflow `Parcel`
are expected in OTHER_QUEUE.
"""

import asyncio
import logging
import os
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from errands import Errands, Rest
from repairs import PythonRepair, mend, refuse, watch

OTHER_QUEUE = sys.argv[3]


@activity.defn(name="shout")
async def shout(text: str) -> str:
    if not text:
        raise ApplicationError("nothing to shout", type="Silence", non_retryable=True)
    activity.heartbeat(len(text))
    return text.upper()


@activity.defn(name="wait")
async def wait() -> str:
    """Leaves its answer to somebody else."""
    activity.raise_complete_async()


@workflow.defn(name="Waiter")
class Waiter:
    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(
            wait,
            activity_id="wait",
            start_to_close_timeout=timedelta(minutes=5),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


@workflow.defn(name="PythonOrder")
class PythonOrder:
    def __init__(self) -> None:
        self.items: list[str] = []
        self.is_closed = False

    @workflow.run
    async def run(self, customer: str) -> dict:
        await workflow.wait_condition(lambda: self.is_closed)
        await workflow.sleep(timedelta(milliseconds=10))
        prices = [
            await workflow.execute_activity(
                "price",
                item,
                task_queue=OTHER_QUEUE,
                start_to_close_timeout=timedelta(seconds=30),
                result_type=int,
            )
            for item in self.items
        ]
        return {"customer": customer, "total": sum(prices)}

    @workflow.signal
    def add(self, item: str) -> None:
        self.items.append(item)

    @workflow.query
    def count(self) -> int:
        return len(self.items)

    @workflow.update
    async def close(self, word: str) -> int:
        self.is_closed = True
        return len(self.items)

    @close.validator
    def check(self, word: str) -> None:
        if word != "please":
            raise ApplicationError("say please", type="Rude")


@workflow.defn(name="Sender")
class Sender:
    """A parent of workflows that are written in Rust."""

    @workflow.run
    async def run(self, parcels: list[str]) -> list[str]:
        children = [
            workflow.execute_child_workflow(
                "Parcel", parcel, task_queue=OTHER_QUEUE, result_type=str
            )
            for parcel in parcels
        ]
        return list(await asyncio.gather(*children))


async def main() -> None:
    client = await Client.connect(sys.argv[1])
    worker = Worker(
        client,
        task_queue=sys.argv[2],
        workflows=[Errands, PythonOrder, PythonRepair, Rest, Sender, Waiter],
        activities=[mend, refuse, shout, wait, watch],
        max_heartbeat_throttle_interval=timedelta(milliseconds=50),
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)


# Activities that fail are part of the tests.
logging.disable(logging.CRITICAL)
asyncio.run(main())
# Threads of the SDK may outlive the interpreter, which then aborts.
os._exit(0)
