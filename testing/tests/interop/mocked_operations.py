"""A worker whose workflow calls Nexus operations that a test in Rust mocks.

    mocked_operations.py ADDRESS
"""

import asyncio
import sys
from datetime import timedelta

import nexusrpc
from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError, CancelledError, NexusOperationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker


@nexusrpc.service
class Bank:
    pay: nexusrpc.Operation[int, str]


async def cause(operation):
    try:
        return await operation
    except NexusOperationError as error:
        return error.cause


@workflow.defn
class Payments:
    @workflow.run
    async def run(self) -> None:
        bank = workflow.create_nexus_client(service=Bank, endpoint="bank")
        declined = await cause(bank.execute_operation(Bank.pay, 0))
        assert isinstance(declined, ApplicationError), declined
        assert declined.type == "Nothing", declined
        assert await bank.execute_operation(Bank.pay, 1) == "at once"

        begun = workflow.now()
        assert await bank.execute_operation(Bank.pay, 2) == "later"
        assert workflow.now() - begun == timedelta(hours=3)

        endless = await bank.start_operation(Bank.pay, 3)
        endless.cancel()
        canceled = await cause(endless)
        assert isinstance(canceled, CancelledError), canceled


async def main(address: str) -> None:
    client = await Client.connect(address)
    async with Worker(
        client,
        task_queue="payments",
        workflows=[Payments],
        workflow_runner=UnsandboxedWorkflowRunner(),
        workflow_failure_exception_types=[AssertionError],
    ):
        await client.execute_workflow(Payments.run, id="payments", task_queue="payments")


asyncio.run(main(sys.argv[1]))
