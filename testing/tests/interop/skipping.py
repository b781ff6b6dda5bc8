"""Python's own time-skipping environment, with Outlast's server in place of the Java one.

    skipping.py PATH_OF_OUTLAST_SERVER
"""

import asyncio
import logging
import os
import sys
import time
import uuid
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, TimeoutError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker


@activity.defn(name="remind")
async def remind(number: int) -> int:
    if activity.info().attempt < 3:
        raise RuntimeError("nobody was at home")
    return number


@workflow.defn(name="Subscription")
class Subscription:
    def __init__(self) -> None:
        self.is_canceled = False

    @workflow.run
    async def run(self, months: int) -> list[float]:
        began = workflow.time()
        moments = []
        for month in range(months):
            try:
                await workflow.wait_condition(
                    lambda: self.is_canceled, timeout=timedelta(days=30)
                )
                break
            except asyncio.TimeoutError:
                await workflow.execute_activity(
                    remind, month, start_to_close_timeout=timedelta(hours=1)
                )
                moments.append(workflow.time() - began)
        return moments

    @workflow.signal
    def cancel(self) -> None:
        self.is_canceled = True


@workflow.defn(name="Neglected")
class Neglected:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(
            "nobody has it",
            task_queue="a queue without a worker",
            schedule_to_close_timeout=timedelta(days=7),
        )


def start(env: WorkflowEnvironment, run, *args):
    return env.client.start_workflow(
        run, *args, id=f"skipping-{uuid.uuid4()}", task_queue="skipping"
    )


async def main() -> None:
    began = time.monotonic()
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=sys.argv[1]
    ) as env:
        async with Worker(
            env.client,
            task_queue="skipping",
            workflows=[Subscription, Neglected],
            activities=[remind],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            handle = await start(env, Subscription.run, 12)
            moments = await handle.result()
            assert len(moments) == 12, moments
            assert moments[-1] >= 12 * 30 * 86_400, moments

            handle = await start(env, Subscription.run, 1000)
            before = await env.get_current_time()
            await env.sleep(timedelta(days=75))
            slept = await env.get_current_time() - before
            assert timedelta(days=75) <= slept < timedelta(days=76), slept
            await handle.signal(Subscription.cancel)
            moments = await handle.result()
            assert len(moments) == 2, moments

            handle = await start(env, Neglected.run)
            try:
                await handle.result()
                raise AssertionError("nobody can have done it")
            except WorkflowFailureError as error:
                assert isinstance(error.cause, ActivityError), error.cause
                assert isinstance(error.cause.cause, TimeoutError), error.cause.cause

            with env.auto_time_skipping_disabled():
                handle = await start(env, Subscription.run, 1)
                await handle.signal(Subscription.cancel)
                assert await handle.result() == []
    took = time.monotonic() - began
    assert took < 60, f"time was not skipped: {took} s"


# Activities that fail are part of the tests.
logging.disable(logging.CRITICAL)
asyncio.run(main())
# Threads of the SDK may outlive the interpreter, which then aborts.
os._exit(0)
