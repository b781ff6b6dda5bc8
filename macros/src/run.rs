//! The functions that make and run a workflow: `#[run]`, `#[init]`, or the function itself.

use quote::ToTokens;
use syn::{ImplItemFn, ItemImpl, PathArguments, Type};

use crate::errors::Errors;
use crate::signature::{ContextKind, Signature, is_named};

/// Reads the signature of a workflow function or of `#[run]`.
pub(crate) fn parse(sig: &syn::Signature, context: &str, errors: &mut Errors) -> Signature {
    if sig.asyncness.is_none() {
        errors.at(&sig.fn_token, "a workflow is an `async fn`");
    }
    let model = Signature::parse(sig, ContextKind::Workflow, errors);
    // A receiver is a mistake of its own, and the context may be the one in its place.
    if model.receiver.is_none() && model.context.is_none() {
        errors.at(
            &sig.ident,
            format!("a workflow takes `ctx: {context}` first"),
        );
    }
    model.refuse_borrowed_output(errors);
    model
}

/// Reads the signature of `#[run]`.
pub(crate) fn parse_method(
    method: &ImplItemFn,
    block: &ItemImpl,
    errors: &mut Errors,
) -> Signature {
    let model = parse(&method.sig, "WorkflowContext<Self>", errors);
    if let Some(receiver) = &model.receiver {
        let ident = &model.ident;
        errors.at(
            receiver,
            format!(
                "`{ident}` cannot borrow `self` while signals change it: take \
                 `ctx: WorkflowContext<Self>` and use `ctx.state()`"
            ),
        );
    }
    if let Some(context) = &model.context
        && is_named(context, "WorkflowContext")
    {
        let state = state_argument(context);
        let owner = block.self_ty.to_token_stream().to_string();
        if state.is_none_or(|state| state != "Self" && state != owner) {
            errors.at(
                context,
                "the context holds the state: take `WorkflowContext<Self>`",
            );
        }
    }
    model
}

/// Reads the signature of `#[init]`.
pub(crate) fn parse_init(method: &ImplItemFn, block: &ItemImpl, errors: &mut Errors) -> Signature {
    let model = Signature::parse(&method.sig, ContextKind::Workflow, errors);
    if model.is_async {
        errors.at(
            &method.sig.asyncness,
            "`#[init]` makes the state at once: remove `async`",
        );
    }
    if let Some(receiver) = &model.receiver {
        errors.at(receiver, "`#[init]` makes the state: it takes no `self`");
    }
    if let Some(context) = &model.context {
        errors.at(
            context,
            "there is no context before the state: use it in `#[run]`",
        );
    }
    let output = model.output.to_token_stream().to_string();
    if output != "Self" && output != block.self_ty.to_token_stream().to_string() {
        errors.at(&model.output, "`#[init]` returns `Self`");
    }
    model
}

/// What stands between the angle brackets of the context's type.
pub(crate) fn state_argument(context: &Type) -> Option<String> {
    let Type::Path(context) = context else {
        return None;
    };
    match &context.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(state) => Some(state.args.to_token_stream().to_string()),
        _ => None,
    }
}
