//! `#[activity]` on a function, and what it shares with methods.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Attribute, Error, Item, ItemFn, Path, Result, Type};

use crate::attr::{ActivityAttr, cfgs, krate_or_default};
use crate::errors::Errors;
use crate::expand::{Function, allow_for_keys, args_param, at, spread, tuple};
use crate::signature::{ContextKind, Signature};

/// Expands `#[activity]`.
pub(crate) fn expand(attr: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let function = match syn::parse2(item)? {
        Item::Fn(function) => function,
        Item::Impl(block) => {
            let message = "`#[activity]` goes on an `async fn`; on an `impl` block it is \
                           `#[activities]`";
            return Err(Error::new_spanned(block.impl_token, message));
        }
        other => {
            let message = "`#[activity]` goes on an `async fn`";
            return Err(Error::new_spanned(other, message));
        }
    };
    let mut errors = Errors::default();
    let attr = ActivityAttr::parse(attr, &mut errors);
    let model = parse(&function.sig, &mut errors);
    let name = model.wire_name(attr.name.as_deref(), &mut errors);
    if let Some(receiver) = &model.receiver {
        errors.at(
            receiver,
            "a method is an activity in an `impl` block annotated with `#[activities]`",
        );
    }
    let (attr, model, name) = errors.check((attr, model, name))?;
    Ok(function_activity(function, &attr, &model, &name))
}

/// Reads the signature of a function or method that is to be an activity.
pub(crate) fn parse(sig: &syn::Signature, errors: &mut Errors) -> Signature {
    if sig.asyncness.is_none() {
        errors.at(
            &sig.fn_token,
            "an activity is an `async fn`; one whose body blocks is a `#[activity(blocking)] \
             async fn`",
        );
    }
    let model = Signature::parse(sig, ContextKind::Activity, errors);
    model.refuse_borrowed_output(errors);
    model
}

fn function_activity(
    mut function: ItemFn,
    attr: &ActivityAttr,
    model: &Signature,
    name: &str,
) -> TokenStream {
    let krate = krate_or_default(attr.krate.clone());
    let ident = &model.ident;
    let future = quote!(#krate::definition::ActivityFuture);
    let parts = Function {
        attrs: &mut function.attrs,
        sig: &mut function.sig,
        block: &mut function.block,
    };
    parts.wrap(model, &future, &quote!('static, #ident));
    let cfgs = cfgs(&function.attrs);
    let (allow, vis) = (allow_for_keys(), &function.vis);
    let definition = Definition {
        krate: &krate,
        cfgs: &cfgs,
        attr,
        model,
        name,
        key: quote!(#ident),
        receiver: syn::parse_quote!(()),
        function: quote!(#ident),
    };
    let (traits, body) = (definition.activity(), definition.activity_impl());
    quote! {
        #function
        #(#cfgs)*
        #allow
        #vis struct #ident {}
        #traits
        #body
    }
}

/// What the trait impls of an activity need to know.
pub(crate) struct Definition<'a> {
    pub(crate) krate: &'a Path,
    pub(crate) cfgs: &'a [Attribute],
    pub(crate) attr: &'a ActivityAttr,
    pub(crate) model: &'a Signature,
    /// The name on the wire.
    pub(crate) name: &'a str,
    /// The path of the key.
    pub(crate) key: TokenStream,
    /// The type of `self`, or `()`.
    pub(crate) receiver: Type,
    /// The path of the function.
    pub(crate) function: TokenStream,
}

impl Definition<'_> {
    /// `impl Activity for` the key.
    pub(crate) fn activity(&self) -> TokenStream {
        let Self {
            krate,
            cfgs,
            attr,
            model,
            name,
            key,
            ..
        } = self;
        let (args, output) = (tuple(model), &model.output);
        let timeout = if attr.has_close_timeout() {
            quote!(TimeoutSet)
        } else {
            quote!(MissingTimeout)
        };
        let setters = attr.setters(krate);
        let options = (!setters.is_empty()).then(|| {
            quote! {
                fn options() -> #krate::ActivityOptions {
                    #krate::ActivityOptions::new() #setters
                }
            }
        });
        quote_spanned! {at(model.ident.span())=>
            #(#cfgs)*
            #[automatically_derived]
            #[allow(deprecated)]
            impl #krate::definition::Activity for #key {
                const NAME: &'static str = #name;
                type Args = #args;
                type Return = #output;
                type Timeout = #krate::definition::#timeout;
                #options
            }
        }
    }

    /// `impl ActivityImpl for` the key.
    pub(crate) fn activity_impl(&self) -> TokenStream {
        let Self {
            krate,
            cfgs,
            attr,
            model,
            key,
            receiver,
            function,
            ..
        } = self;
        let place = at(model.ident.span());
        let blocking = attr.blocking.then(|| {
            quote!(
                const BLOCKING: bool = true;
            )
        });
        let (receiver_param, receiver_arg) = match &model.receiver {
            Some(_) if model.takes_ref_self() => (
                quote_spanned!(place=> receiver),
                quote_spanned!(place=> &receiver,),
            ),
            Some(_) => (
                quote_spanned!(place=> receiver),
                quote_spanned!(place=> receiver,),
            ),
            None => (quote!(_), quote!()),
        };
        let (context_param, context_arg) = match &model.context {
            Some(_) => (
                quote_spanned!(place=> context),
                quote_spanned!(place=> context,),
            ),
            None => (quote!(_), quote!()),
        };
        let (args_param, args) = (
            args_param(&model.args, model.ident.span()),
            spread(&model.args),
        );
        let mut call = quote_spanned!(place=> #function(#receiver_arg #context_arg #args));
        if model.takes_ref_self() {
            // The future of the method borrows `self`; this one owns it.
            call = quote_spanned!(place=> #krate::definition::ActivityFuture::new(async move { #call.await }));
        }
        quote_spanned! {place=>
            #(#cfgs)*
            #[automatically_derived]
            #[allow(deprecated)]
            impl #krate::activity::ActivityImpl for #key {
                type Receiver = #receiver;
                #blocking
                fn call(
                    #receiver_param: ::std::sync::Arc<#receiver>,
                    #context_param: #krate::ActivityContext,
                    #args_param: Self::Args,
                ) -> #krate::definition::ActivityFuture<'static, Self> {
                    #call
                }
            }
        }
    }
}
