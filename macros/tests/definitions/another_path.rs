//! Definitions where the SDK goes by another name.

#[doc(hidden)]
pub mod sdk {
    pub use outlast as renamed;
}

use outlast::definition::Activity;
use outlast::{ActivityError, WorkflowContext, WorkflowResult, activity, workflow};

#[activity(crate = "crate::another_path::sdk::renamed")]
async fn task() -> Result<(), ActivityError> {
    Ok(())
}

#[workflow(crate = "self::sdk::renamed")]
async fn flow(_ctx: WorkflowContext) -> WorkflowResult<()> {
    Ok(())
}

#[test]
fn of_the_crate_is_used() {
    assert_eq!(task::NAME, "task");
    assert_eq!(super::workflow_name(flow), "flow");
}
