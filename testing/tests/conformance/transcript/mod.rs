//! What a scenario saw of a server, in a form that two servers can be compared by.
//!
//! A transcript has every call in the order in which the calls began, with its answer or its error,
//! and then the histories of all runs that they had to do with. Nothing in it depends on chance:
//! ids are named by the order of their appearance, times are only there or not, and calls that
//! found nothing (polls without a task, waits without news) are left out.

mod differences;
mod messages;
mod names;
mod recorder;
mod render;
mod runs;

use prost_reflect::{DynamicMessage, ReflectMessage};
use tonic::{Code, Status};

use self::messages::Decoded;
pub(crate) use self::messages::pool;
use self::names::Names;
pub(crate) use self::recorder::Recorder;
use self::render::Renderer;

/// Writes down what was recorded, and the histories as they are now. `own` is the part of ids by
/// which the scenario's workflows are known.
pub(crate) async fn transcript(recorder: &Recorder, own: &str) -> String {
    let calls: Vec<Decoded> = recorder.calls().iter().map(Decoded::new).collect();
    let runs = runs::read_all(recorder, &calls, own).await;
    let mut out = Renderer::new(Names::new(own));
    for call in calls.iter().filter(|call| !found_nothing(call)) {
        out.line(0, "", &call.method);
        match &call.answer {
            Some(Ok(response)) => out.message(1, response),
            Some(Err(status)) if is_out_of_time(status) => out.line(1, "", STOPPED_WAITING),
            Some(Err(status)) => write_error(&mut out, status),
            None => out.line(1, "", STOPPED_WAITING),
        }
    }
    for run in runs {
        out.line(0, "", &format!("History of {}", run.workflow_id));
        out.line(1, "run_id", &format!("run_id: {}", run.run_id));
        match &run.history {
            Ok(history) => out.message(1, history),
            Err(status) => write_error(&mut out, status),
        }
    }
    out.into_text()
}

const STOPPED_WAITING: &str = "(the caller stopped waiting)";

/// Whether a call came to its deadline. Whether its caller says so first, who then takes the call
/// back, or the server, is chance.
pub(crate) fn is_out_of_time(status: &Status) -> bool {
    matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded)
}

fn write_error(out: &mut Renderer, status: &Status) {
    let error = format!("error: {:?} {:?}", status.code(), status.message());
    out.line(1, "", &error);
    let details = status.details().to_vec().into();
    out.message(2, &messages::decode("google.rpc.Status", details));
}

/// Whether a call waited for something that did not come. How often that happens is chance.
fn found_nothing(call: &Decoded) -> bool {
    let response = match &call.answer {
        Some(Ok(response)) => response,
        // A real server does one job at a time, and limits how often it counts: it was not this
        // one's turn.
        Some(Err(status)) => {
            let takes_turns = ["StartBatchOperation", "CountWorkflowExecutions"];
            return takes_turns.contains(&&*call.method)
                && status.code() == Code::ResourceExhausted;
        }
        None => return false,
    };
    match call.method.as_str() {
        "PollWorkflowTaskQueue" | "PollActivityTaskQueue" | "PollNexusTaskQueue" => {
            !is_set(response, "task_token")
        }
        "GetWorkflowExecutionHistory" => {
            let history = response.get_field_by_name("history");
            let history = history.as_ref().and_then(|history| history.as_message());
            is_set(&call.request, "wait_new_event")
                && !history.is_some_and(|history| is_set(history, "events"))
        }
        _ => false,
    }
}

fn is_set(message: &DynamicMessage, name: &str) -> bool {
    let field = message.descriptor().get_field_by_name(name);
    field.is_some_and(|field| message.has_field(&field))
}
