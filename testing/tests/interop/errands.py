"""A workflow of several runs, each of which has a child that outlives it."""

from datetime import timedelta

from temporalio import workflow
from temporalio.workflow import ParentClosePolicy


@workflow.defn(name="Rest")
class Rest:
    @workflow.run
    async def run(self) -> None:
        await workflow.sleep(timedelta(milliseconds=50), summary="a break")


@workflow.defn(name="Errands")
class Errands:
    def __init__(self) -> None:
        self.has_begun = False

    @workflow.run
    async def run(self, left: int, done: int = 0) -> dict:
        # Only the first run is told to begin.
        await workflow.wait_condition(lambda: self.has_begun or done > 0)
        if left == 0:
            return {"done": done, "list": workflow.memo_value("list", type_hint=list)}
        workflow.upsert_memo({"done": done + 1})
        await workflow.start_child_workflow(
            Rest.run,
            id=f"{workflow.info().workflow_id}-rest-{left}",
            parent_close_policy=ParentClosePolicy.ABANDON,
        )
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(args=[left - 1, done + 1])

    @workflow.update
    async def begin(self, when: str) -> str:
        self.has_begun = True
        return f"begun {when}"
