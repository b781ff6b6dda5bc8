//! `#[signal]`, `#[query]`, `#[update]` and `#[validate]` on methods of a workflow.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Ident, ImplItemFn, Path, Result, ReturnType};

use crate::attr::{cfgs, check_wire_name, parse_handler, parse_validate};
use crate::errors::Errors;
use crate::expand::{args_param, at, spread, tuple};
use crate::signature::{ContextKind, Signature, borrows, is_named};

/// A method that answers messages.
pub(crate) struct Handler {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) model: Signature,
    pub(crate) cfgs: Vec<Attribute>,
    /// Where the method says what it returns.
    output_place: Span,
}

/// A method that accepts or rejects the calls of an update.
pub(crate) struct Validator {
    update: Ident,
    model: Signature,
    cfgs: Vec<Attribute>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Query,
    Signal,
    Update,
}

impl Kind {
    pub(crate) fn of(attribute: &Attribute) -> Option<Self> {
        let kinds = [Self::Query, Self::Signal, Self::Update];
        kinds
            .into_iter()
            .find(|kind| attribute.path().is_ident(kind.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Signal => "signal",
            Self::Update => "update",
        }
    }

    fn with_article(self) -> &'static str {
        match self {
            Self::Query => "a query",
            Self::Signal => "a signal",
            Self::Update => "an update",
        }
    }
}

impl Handler {
    pub(crate) fn parse(kind: Kind, method: &ImplItemFn, attribute: &Attribute) -> Result<Self> {
        let mut errors = Errors::default();
        let name = errors.take(parse_handler(attribute));
        let model = errors.take(Signature::parse(&method.sig, ContextKind::Workflow));
        if let Some(model) = &model {
            check_shape(kind, &method.sig, model, &mut errors);
            if let Err(message) = check_wire_name(&model.name()) {
                errors.at(&model.ident, message);
            }
        }
        let parts = errors.check(name.zip(model))?;
        let (name, model) = parts.expect("what is missing left an error");
        Ok(Self {
            kind,
            name: name.unwrap_or_else(|| model.name()),
            output_place: match &method.sig.output {
                ReturnType::Default => model.ident.span(),
                ReturnType::Type(_, output) => output.span(),
            },
            model,
            cfgs: cfgs(&method.attrs),
        })
    }

    /// The statement that lists the handler's name.
    pub(crate) fn listing(&self) -> TokenStream {
        let Self {
            name, model, cfgs, ..
        } = self;
        let ident = &model.ident;
        quote!(#(#cfgs)* names.add(Self::#ident, #name);)
    }

    /// The statement that registers the handler.
    pub(crate) fn registration(&self, krate: &Path) -> TokenStream {
        let Self {
            kind,
            name,
            model,
            cfgs,
            ..
        } = self;
        let ident = &model.ident;
        if model.is_async {
            let register = match kind {
                Kind::Signal => "async_signal",
                Kind::Query | Kind::Update => "async_update",
            };
            // A future that is not `Send` is reported at the name of the method.
            let register = Ident::new(register, at(ident.span()));
            let context = quote!(#krate::WorkflowContext<Self>);
            let body = delegate(model, &context);
            quote!(#(#cfgs)* handlers.#register(#name, #body);)
        } else {
            // A result that cannot be sent is reported at its type.
            let register = Ident::new(kind.name(), at(self.output_place));
            let state = if *kind == Kind::Query {
                quote!(&Self)
            } else {
                quote!(&mut Self)
            };
            let body = delegate(model, &state);
            quote!(#(#cfgs)* handlers.#register(#name, #body);)
        }
    }
}

impl Validator {
    pub(crate) fn parse(method: &ImplItemFn, attribute: &Attribute) -> Result<Self> {
        let mut errors = Errors::default();
        let update = errors.take(parse_validate(attribute));
        let model = errors.take(Signature::parse(&method.sig, ContextKind::Workflow));
        if let Some(model) = &model {
            if model.is_async {
                errors.at(
                    &method.sig.asyncness,
                    "a validator answers at once: remove `async`",
                );
            }
            if let Some(context) = &model.context {
                errors.at(context, "a validator only reads: take `&self`");
            } else if !model.takes_ref_self() {
                errors.at(
                    &model.receiver_or_name(),
                    "a validator only reads: take `&self`",
                );
            }
            if let ReturnType::Default = method.sig.output {
                errors.at(&model.ident, "a validator returns `Result<(), E>`");
            }
        }
        let parts = errors.check(update.zip(model))?;
        let (update, model) = parts.expect("what is missing left an error");
        Ok(Self {
            update,
            model,
            cfgs: cfgs(&method.attrs),
        })
    }

    /// The update that it validates.
    pub(crate) fn find_update<'a>(&self, handlers: &'a [Handler]) -> Result<&'a Handler> {
        let mut errors = Errors::default();
        let update = handlers
            .iter()
            .find(|handler| handler.kind == Kind::Update && handler.model.ident == self.update);
        match update {
            Some(update) if update.model.args.len() != self.model.args.len() => errors.at(
                &self.model.ident,
                format!(
                    "a validator takes the arguments of its update `{}`",
                    self.update
                ),
            ),
            Some(_) => {}
            None => errors.at(
                &self.update,
                format!(
                    "no method `{}` of this block is annotated with `#[update]`",
                    self.update
                ),
            ),
        }
        let update = errors.check(update)?;
        Ok(update.expect("what is missing left an error"))
    }

    /// The statement that registers the validator.
    pub(crate) fn registration(&self, update: &Handler) -> TokenStream {
        let (cfgs, update_cfgs, name) = (&self.cfgs, &update.cfgs, &update.name);
        let ident = &self.model.ident;
        let register = Ident::new("validator", at(self.model.output.span()));
        // Decoded as the update decodes them, so that a difference does not compile.
        let types = tuple(&update.model.args);
        let param = args_param(&update.model.args, ident.span());
        let args = spread(&self.model.args);
        let call = quote_spanned!(at(ident.span())=> |state: &Self, #param: #types| Self::#ident(state, #args));
        quote!(#(#update_cfgs)* #(#cfgs)* handlers.#register(#name, #call);)
    }
}

/// A closure that hands its argument tuple to the method.
fn delegate(model: &Signature, first: &TokenStream) -> TokenStream {
    let ident = &model.ident;
    let (param, types) = (args_param(&model.args, ident.span()), tuple(&model.args));
    let args = spread(&model.args);
    quote_spanned!(at(ident.span())=> |first: #first, #param: #types| Self::#ident(first, #args))
}

fn check_shape(kind: Kind, sig: &syn::Signature, model: &Signature, errors: &mut Errors) {
    let this = kind.with_article();
    if kind == Kind::Query {
        check_query(sig, model, errors);
    } else if model.is_async {
        if let Some(receiver) = &model.receiver {
            errors.at(
                receiver,
                format!(
                    "{this} that waits cannot borrow `self` while other handlers change it: take \
                     `ctx: WorkflowContext<Self>` and use `ctx.state()`"
                ),
            );
        } else if model.context.is_none() {
            errors.at(
                &model.ident,
                format!("{this} that waits takes `ctx: WorkflowContext<Self>` first"),
            );
        }
    } else if let Some(context) = &model.context {
        errors.at(
            context,
            format!("{this} that takes the context is an `async fn`; else it takes `&mut self`"),
        );
    } else if !model.takes_mut_self() {
        errors.at(
            &model.receiver_or_name(),
            format!("{this} takes `&mut self`, or is async and takes `ctx: WorkflowContext<Self>`"),
        );
    }
    if kind != Kind::Query && borrows(&model.output) {
        errors.at(
            &model.output,
            "a result travels as a payload, so it must be an owned type",
        );
    }
}

fn check_query(sig: &syn::Signature, model: &Signature, errors: &mut Errors) {
    if sig.asyncness.is_some() {
        errors.at(&sig.asyncness, "a query answers at once: remove `async`");
    }
    if let Some(context) = &model.context {
        errors.at(context, "a query only reads: take `&self`");
    } else if !model.takes_ref_self() {
        errors.at(
            &model.receiver_or_name(),
            "a query only reads: take `&self`",
        );
    }
    if is_named(&model.output, "Result") || is_named(&model.output, "WorkflowResult") {
        errors.at(
            &model.output,
            "a query returns a plain value: an `Option` or an enum of your own says that there \
             is none; a panic fails the query",
        );
    } else if borrows(&model.output) {
        errors.at(
            &model.output,
            "a query result may not borrow from `self`: return an owned value, such as a clone",
        );
    }
}
