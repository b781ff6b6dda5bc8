//! The attribute macros of Outlast.

mod activities;
mod activity;
mod attr;
mod duration;
mod errors;
mod expand;
mod fallback;
mod handler;
mod retry;
mod run;
mod signature;
#[cfg(test)]
mod tests;
mod workflow;
mod workflow_impl;

use proc_macro::TokenStream;

/// Makes an `async fn` an activity.
#[proc_macro_attribute]
pub fn activity(attr: TokenStream, item: TokenStream) -> TokenStream {
    fallback::expand_or_report(activity::expand, attr.into(), item.into()).into()
}

/// Makes methods of a type activities, which share one value of it.
#[proc_macro_attribute]
pub fn activities(attr: TokenStream, item: TokenStream) -> TokenStream {
    fallback::expand_or_report(activities::expand, attr.into(), item.into()).into()
}

/// Makes an `async fn` or an `impl` block a workflow.
#[proc_macro_attribute]
pub fn workflow(attr: TokenStream, item: TokenStream) -> TokenStream {
    fallback::expand_or_report(workflow::expand, attr.into(), item.into()).into()
}
