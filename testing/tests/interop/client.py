"""A client for the interoperation tests: it works with workflows that are written in Rust.

    client.py ADDRESS QUEUE PYTHON_QUEUE CLOCK

The workflow `RustOrder` and the child `Parcel` are in QUEUE, the parent `Sender` in PYTHON_QUEUE.
Nothing here depends on the CLOCK.
"""

import asyncio
import os
import sys
import uuid

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
)
from temporalio.exceptions import ApplicationError, CancelledError

QUEUE, PYTHON_QUEUE = sys.argv[2:4]


async def order(client: Client):
    return await client.start_workflow(
        "RustOrder",
        "Ada",
        id=f"interop-{uuid.uuid4()}",
        task_queue=QUEUE,
        result_type=dict,
    )


async def everything_in_one_order(client: Client) -> None:
    handle = await order(client)
    await handle.signal("add", "tea")
    await handle.signal("add", "milk")
    assert await handle.query("count", result_type=int) == 2
    try:
        await handle.execute_update("close", "now")
        raise AssertionError("a rude update must be refused")
    except WorkflowUpdateFailedError as error:
        assert isinstance(error.cause, ApplicationError), error.cause
        assert error.cause.type == "Rude", error.cause
    assert await handle.execute_update("close", "please", result_type=int) == 2
    receipt = await handle.result()
    assert receipt == {"customer": "Ada", "total": 0, "shouted": ["TEA", "MILK"]}, receipt
    description = await handle.describe()
    assert description.status == WorkflowExecutionStatus.COMPLETED


async def a_failure_keeps_its_type_and_details(client: Client) -> None:
    handle = await order(client)
    await handle.signal("add", "")
    await handle.execute_update("close", "please")
    try:
        await handle.result()
        raise AssertionError("an order of nothing must fail")
    except WorkflowFailureError as error:
        cause = error.cause
        while cause.__cause__ is not None:
            cause = cause.__cause__
        assert isinstance(cause, ApplicationError), cause
        assert (cause.type, cause.message) == ("Silence", "nothing to shout"), cause


async def a_cancellation_is_understood(client: Client) -> None:
    handle = await order(client)
    await handle.cancel()
    try:
        await handle.result()
        raise AssertionError("a canceled order must not succeed")
    except WorkflowFailureError as error:
        assert isinstance(error.cause, CancelledError), error.cause


async def a_python_parent_has_rust_children(client: Client) -> None:
    result = await client.execute_workflow(
        "Sender",
        ["book", "lamp"],
        id=f"interop-{uuid.uuid4()}",
        task_queue=PYTHON_QUEUE,
        result_type=list,
    )
    assert result == ["book sent", "lamp sent"], result


async def main() -> None:
    client = await Client.connect(sys.argv[1])
    await everything_in_one_order(client)
    await a_failure_keeps_its_type_and_details(client)
    await a_cancellation_is_understood(client)
    await a_python_parent_has_rust_children(client)


asyncio.run(main())
# Threads of the SDK may outlive the interpreter, which then aborts.
os._exit(0)
