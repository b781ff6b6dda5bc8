//! The client against a server that answers by script.

mod fake;
mod messages;
mod reading;
mod result;
mod retry;
mod start;

use outlast_proto::google::rpc;
use prost::Message;
use tonic::{Code, Status};

use crate::definition::{HandlerNames, Workflow, WorkflowFuture};
use crate::error::WorkflowResult;
use crate::workflow::WorkflowContext;

/// A workflow as `#[workflow]` would define it.
pub(super) struct Order;

#[allow(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    reason = "handlers have this shape, and these do nothing"
)]
impl Order {
    pub(super) fn run(_: WorkflowContext<Self>, _: u32) -> WorkflowFuture<Self> {
        unreachable!("no worker runs it")
    }

    pub(super) fn approve(&mut self, _by: String) {}

    /// Not annotated.
    pub(super) fn forgotten(&mut self, _count: u32) {}

    pub(super) fn status(&self) -> String {
        unreachable!("no worker runs it")
    }

    pub(super) fn add(&mut self, _item: String, _count: u32) -> WorkflowResult<u32> {
        unreachable!("no worker runs it")
    }
}

impl Workflow for Order {
    const NAME: &'static str = "Order";
    type State = Self;
    type Args = (u32,);
    type Return = WorkflowResult<String>;

    fn handler_names(names: &mut HandlerNames) {
        names.add(Self::approve, "approve");
        names.add(Self::status, "status");
        names.add(Self::add, "add_item");
    }
}

/// A refusal with a detail of the given message type.
fn refusal(code: Code, message: &str, detail: &str, value: &impl Message) -> Status {
    let details = rpc::Status {
        code: code as i32,
        message: message.to_owned(),
        details: vec![prost_types::Any {
            type_url: format!("type.googleapis.com/temporal.api.errordetails.v1.{detail}"),
            value: value.encode_to_vec(),
        }],
    };
    Status::with_details(code, message, details.encode_to_vec().into())
}

fn missing() -> Status {
    use outlast_proto::temporal::api::errordetails::v1::NotFoundFailure;

    let message = "workflow not found for ID: order-42";
    let detail = NotFoundFailure::default();
    refusal(Code::NotFound, message, "NotFoundFailure", &detail)
}
