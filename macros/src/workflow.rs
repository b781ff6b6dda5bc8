//! `#[workflow]` on a function and on an `impl` block.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Ident, Item, ItemFn, ItemImpl, Path, Result};

use crate::attr::{WorkflowAttr, cfgs, krate_or_default};
use crate::errors::Errors;
use crate::expand::{Function, allow_for_keys, args_param, at, spread, tuple};
use crate::run;
use crate::signature::Signature;
use crate::workflow_impl;

/// Expands `#[workflow]`.
pub(crate) fn expand(attr: TokenStream, item: TokenStream) -> Result<TokenStream> {
    match syn::parse2(item)? {
        Item::Fn(function) => expand_function(attr, function),
        Item::Impl(block) => expand_impl(attr, block),
        other => Err(Error::new_spanned(
            other,
            "`#[workflow]` goes on an `async fn` or an `impl` block",
        )),
    }
}

fn expand_function(attr: TokenStream, mut function: ItemFn) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let attr = WorkflowAttr::parse(attr, &mut errors);
    let model = run::parse(&function.sig, "WorkflowContext", &mut errors);
    let name = model.wire_name(attr.name.as_deref(), &mut errors);
    check_stateless(&model, &mut errors);
    let (attr, model, name) = errors.check((attr, model, name))?;

    let krate = krate_or_default(attr.krate);
    let ident = &model.ident;
    let future = quote!(#krate::definition::WorkflowFuture);
    let parts = Function {
        attrs: &mut function.attrs,
        sig: &mut function.sig,
        block: &mut function.block,
    };
    parts.wrap(&model, &future, &quote!(#ident));
    let cfgs = cfgs(&function.attrs);
    let (allow, vis) = (allow_for_keys(), &function.vis);
    let definition = definition(
        &krate,
        &model,
        &quote!(#ident),
        &quote!(()),
        &name,
        &quote!(),
    );
    let start = start(&krate, &model, &quote!(#ident));
    let body = quote_spanned! {at(ident.span())=>
        #[automatically_derived]
        #[allow(deprecated)]
        impl #krate::workflow::WorkflowImpl for #ident {
            fn init(
                _: &[#krate::Payload],
            ) -> ::core::result::Result<(), #krate::convert::DecodeError> {
                ::core::result::Result::Ok(())
            }
            #start
        }
    };
    Ok(quote! {
        #function
        #(#cfgs)*
        #allow
        #vis struct #ident {}
        #(#cfgs)*
        #definition
        #(#cfgs)*
        #body
    })
}

fn expand_impl(attr: TokenStream, block: ItemImpl) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let attr = WorkflowAttr::parse(attr, &mut errors);
    let workflow = workflow_impl::Workflow::parse(&block, errors)?;
    Ok(workflow.expand(block, attr))
}

/// A function has no state that it could borrow or that its context could hold.
fn check_stateless(model: &Signature, errors: &mut Errors) {
    if let Some(receiver) = &model.receiver {
        errors.at(
            receiver,
            "a method is a workflow as the `#[run]` of an `impl` block annotated with \
             `#[workflow]`",
        );
    }
    if let Some(context) = &model.context
        && let Some(state) = run::state_argument(context)
        && state != "()"
    {
        errors.at(
            context,
            "a workflow with state is an `impl` block with a `#[run]` method; a function takes \
             `ctx: WorkflowContext`",
        );
    }
}

/// `impl Workflow for` the key.
pub(crate) fn definition(
    krate: &Path,
    run: &Signature,
    key: &TokenStream,
    state: &TokenStream,
    name: &str,
    handler_names: &TokenStream,
) -> TokenStream {
    let (args, output) = (tuple(run), &run.output);
    quote_spanned! {at(run.ident.span())=>
        #[automatically_derived]
        #[allow(deprecated)]
        impl #krate::definition::Workflow for #key {
            const NAME: &'static str = #name;
            type State = #state;
            type Args = #args;
            type Return = #output;
            #handler_names
        }
    }
}

/// `WorkflowImpl::start`, which calls `function`.
pub(crate) fn start(krate: &Path, run: &Signature, function: &TokenStream) -> TokenStream {
    let (param, args) = (args_param(&run.args, run.ident.span()), spread(&run.args));
    // A context of another state is reported at the parameter.
    let context_place = at(run
        .context
        .as_ref()
        .map_or_else(|| run.ident.span(), Spanned::span));
    let ctx = Ident::new("ctx", context_place);
    quote_spanned! {at(run.ident.span())=>
        fn start(
            #ctx: #krate::WorkflowContext<Self::State>,
            #param: Self::Args,
        ) -> #krate::definition::WorkflowFuture<Self> {
            #function(#ctx, #args)
        }
    }
}
