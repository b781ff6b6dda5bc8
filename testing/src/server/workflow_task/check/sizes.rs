//! Commands and messages that bring more than a history can have.
//!
//! They end the workflow, because further attempts of the task would bring as much.

use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::common::v1::{Memo, SearchAttributes};
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use prost::Message;

use super::{Checked, Checker, Flaw};
use crate::server::search_attributes::size_flaw;
use crate::server::workflow_task::commands::merge;

impl Checker<'_> {
    pub(super) fn check_sizes(&mut self, attributes: &Attributes) -> Checked {
        match attributes {
            Attributes::ScheduleActivityTaskCommandAttributes(a) => self.check_blob(
                Cause::BadScheduleActivityAttributes,
                "ScheduleActivityTaskCommandAttributes.Input",
                a.input.as_ref(),
            ),
            // The cause is that of activities on a real server, too.
            Attributes::CompleteWorkflowExecutionCommandAttributes(a) => self.check_blob(
                Cause::BadScheduleActivityAttributes,
                "CompleteWorkflowExecutionCommandAttributes.Result",
                a.result.as_ref(),
            ),
            Attributes::FailWorkflowExecutionCommandAttributes(a) => self.check_blob(
                Cause::BadFailWorkflowExecutionAttributes,
                "FailWorkflowExecutionCommandAttributes.Failure",
                a.failure.as_ref(),
            ),
            Attributes::RecordMarkerCommandAttributes(a) => {
                let details = a.details.iter();
                let size = details.map(|(key, details)| key.len() + details.encoded_len());
                let what = "RecordMarkerCommandAttributes.Details";
                let limit = self.world.options.limits.blob_bytes;
                check_size(Cause::BadRecordMarkerAttributes, what, size.sum(), limit)
            }
            Attributes::SignalExternalWorkflowExecutionCommandAttributes(a) => self.check_blob(
                Cause::BadSignalWorkflowExecutionAttributes,
                "SignalExternalWorkflowExecutionCommandAttributes.Input",
                a.input.as_ref(),
            ),
            Attributes::StartChildWorkflowExecutionCommandAttributes(a) => {
                let cause = Cause::BadStartChildExecutionAttributes;
                let what = "StartChildWorkflowExecutionCommandAttributes";
                self.check_blob(cause, &format!("{what}. Input"), a.input.as_ref())?;
                self.check_memo(cause, &format!("{what}.Memo"), a.memo.as_ref())?;
                check_values(cause, a.search_attributes.as_ref())
            }
            Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(a) => {
                let cause = Cause::BadContinueAsNewAttributes;
                let what = "ContinueAsNewWorkflowExecutionCommandAttributes";
                self.check_blob(cause, &format!("{what}. Input"), a.input.as_ref())?;
                self.check_memo(cause, &format!("{what}. Memo"), a.memo.as_ref())?;
                check_values(cause, a.search_attributes.as_ref())
            }
            Attributes::UpsertWorkflowSearchAttributesCommandAttributes(a) => {
                check_values(Cause::BadSearchAttributes, a.search_attributes.as_ref())
            }
            Attributes::ModifyWorkflowPropertiesCommandAttributes(a) => {
                self.check_upserted_memo(a.upserted_memo.as_ref())
            }
            Attributes::ScheduleNexusOperationCommandAttributes(a) => {
                match self.world.options.limits.fits_blob(a.input.as_ref()) {
                    true => Ok(()),
                    false => Err(Flaw::fatal(
                        Cause::BadScheduleNexusOperationAttributes,
                        "ScheduleNexusOperationCommandAttributes.Input exceeds size limit",
                    )),
                }
            }
            Attributes::CancelTimerCommandAttributes(_)
            | Attributes::CancelWorkflowExecutionCommandAttributes(_)
            | Attributes::ProtocolMessageCommandAttributes(_)
            | Attributes::RequestCancelActivityTaskCommandAttributes(_)
            | Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(_)
            | Attributes::RequestCancelNexusOperationCommandAttributes(_)
            | Attributes::StartTimerCommandAttributes(_) => Ok(()),
        }
    }

    pub(super) fn check_message_size(&self, message: &WireMessage) -> Checked {
        let Some(body) = &message.body else {
            return Ok(());
        };
        let name = body.type_url.rsplit('/').next().unwrap_or_default();
        self.check_blob(
            Cause::BadUpdateWorkflowExecutionMessage,
            &format!("Message type {name}"),
            Some(body),
        )
    }

    /// What is added to the memo counts, and what the memo becomes by it.
    fn check_upserted_memo(&mut self, upserted: Option<&Memo>) -> Checked {
        let cause = Cause::BadModifyWorkflowPropertiesAttributes;
        let what = "ModifyWorkflowPropertiesCommandAttributes";
        self.check_blob(cause, what, upserted)?;
        let memo = self.memo.get_or_insert_with(|| Memo {
            fields: self.execution.memo.clone(),
        });
        merge(
            &mut memo.fields,
            upserted.cloned().unwrap_or_default().fields,
        );
        let size = memo.encoded_len();
        let limit = self.world.options.limits.memo_bytes;
        check_size(cause, &format!("{what}. Memo"), size, limit)
    }

    fn check_memo(&self, cause: Cause, what: &str, memo: Option<&Memo>) -> Checked {
        let size = memo.map_or(0, Message::encoded_len);
        check_size(cause, what, size, self.world.options.limits.memo_bytes)
    }

    fn check_blob(&self, cause: Cause, what: &str, blob: Option<&impl Message>) -> Checked {
        let size = blob.map_or(0, Message::encoded_len);
        check_size(cause, what, size, self.world.options.limits.blob_bytes)
    }
}

fn check_size(cause: Cause, what: &str, size: usize, limit: usize) -> Checked {
    match size <= limit {
        true => Ok(()),
        false => Err(Flaw::fatal(cause, format!("{what} exceeds size limit."))),
    }
}

fn check_values(cause: Cause, attributes: Option<&SearchAttributes>) -> Checked {
    match size_flaw(attributes) {
        None => Ok(()),
        Some(flaw) => Err(Flaw::fatal(cause, flaw)),
    }
}
