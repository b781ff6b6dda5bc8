"""A client for repairs that are written in Rust.

    repairs_client.py ADDRESS QUEUE PYTHON_QUEUE CLOCK

The workflow `RustRepair` is in QUEUE, the activities that it calls in PYTHON_QUEUE. CLOCK is
`skipping` if months pass in no time.
"""

import asyncio
import os
import sys
import uuid
from datetime import timedelta

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

ADDRESS, QUEUE, PYTHON_QUEUE, CLOCK = sys.argv[1:5]


async def repair(client: Client, step: str) -> WorkflowHandle:
    """Starts a repair. It would fail again and again, were its failure not final."""
    return await client.start_workflow(
        "RustRepair",
        args=[step, "lamp", PYTHON_QUEUE],
        id=f"interop-{step}-{uuid.uuid4()}",
        task_queue=QUEUE,
        result_type=str,
        retry_policy=RetryPolicy() if step == "fail" else None,
    )


async def failure(client: Client, step: str) -> BaseException:
    handle = await repair(client, step)
    try:
        await handle.result()
    except WorkflowFailureError as error:
        return error.cause
    raise AssertionError(f"{step} must fail")


def check(error: BaseException | None, kind: str, message: str) -> None:
    """What was not to be tried again comes with its kind, its message and its details."""
    assert isinstance(error, ApplicationError), error
    assert (error.type, error.message) == (kind, message), error
    assert list(error.details) == ["lamp", 3], error.details
    assert error.non_retryable


async def an_interrupted_activity_goes_on_from_its_heartbeat(client: Client) -> None:
    handle = await repair(client, "mend")
    assert await handle.result() == "half a lamp, and the rest"


async def failures_come_whole(client: Client) -> None:
    check(await failure(client, "fail"), "Hopeless", "cannot be mended")
    error = await failure(client, "refuse")
    while not isinstance(error, ActivityError):
        assert error is not None
        error = error.__cause__
    assert error.activity_type == "refuse", error
    check(error.__cause__, "TooOld", "not worth it")


async def a_cancellation_reaches_an_activity(client: Client) -> None:
    handle = await repair(client, "watch")
    while True:
        description = await handle.describe()
        pending = description.raw_description.pending_activities
        if pending and pending[0].HasField("heartbeat_details"):
            beat = await client.data_converter.decode(
                pending[0].heartbeat_details.payloads
            )
            assert beat == ["watching the lamp"], beat
            break
        await asyncio.sleep(0.02)
    await handle.cancel()
    assert await handle.result() == "the lamp is put away"


async def a_month_passes(client: Client) -> None:
    handle = await repair(client, "rest")
    assert await handle.result() == "the lamp has rested"
    description = await handle.describe()
    took = description.close_time - description.start_time
    assert took >= timedelta(days=30), took


async def main() -> None:
    client = await Client.connect(ADDRESS)
    await an_interrupted_activity_goes_on_from_its_heartbeat(client)
    await failures_come_whole(client)
    await a_cancellation_reaches_an_activity(client)
    if CLOCK == "skipping":
        await a_month_passes(client)


asyncio.run(main())
# Threads of the SDK may outlive the interpreter, which then aborts.
os._exit(0)
