//! Functions that are workflows.

use super::*;

#[workflow]
pub async fn double(_ctx: WorkflowContext, number: u32) -> WorkflowResult<u32> {
    Ok(number * 2)
}

#[workflow(name = "Nothing")]
async fn nothing(_: WorkflowContext<()>) -> Result<(), WorkflowError> {
    Ok(())
}

#[test]
fn have_a_key_without_state() {
    fn is_stateless<K: WorkflowImpl<State = ()>>() {}
    is_stateless::<double>();
    assert_eq!(double::NAME, "double");
    assert_eq!(workflow_name(double), "double");
    assert_eq!(workflow_name(nothing), "Nothing");
    assert_eq!(handlers_of::<double>(), "HandlerNames([])");
}
