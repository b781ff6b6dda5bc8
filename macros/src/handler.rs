//! `#[signal]`, `#[query]`, `#[update]` and `#[validate]` on methods of a workflow.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Ident, ImplItemFn, Path, ReturnType};

use crate::attr::{cfgs, parse_handler, parse_validate};
use crate::errors::Errors;
use crate::expand::{args_param, at, spread, tuple};
use crate::names::Named;
use crate::signature::{ContextKind, Signature, borrows, is_named};

/// A method that answers messages.
pub(crate) struct Handler {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) model: Signature,
    pub(crate) cfgs: Vec<Attribute>,
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
    pub(crate) fn parse(
        kind: Kind,
        method: &ImplItemFn,
        attribute: &Attribute,
        errors: &mut Errors,
    ) -> Self {
        let name = parse_handler(attribute, errors);
        let model = Signature::parse(&method.sig, ContextKind::Workflow, errors);
        if kind == Kind::Query {
            check_query(&method.sig, &model, errors);
        } else {
            check_shape(kind, &model, errors);
            model.refuse_borrowed_output(errors);
        }
        Self {
            kind,
            name: model.wire_name(name.as_deref(), errors),
            model,
            cfgs: cfgs(&method.attrs),
        }
    }

    pub(crate) fn named(&self) -> Named<'_> {
        Named {
            kind: self.kind.name(),
            name: &self.name,
            model: &self.model,
            cfgs: &self.cfgs,
        }
    }

    /// The statement that lists the handler's name.
    pub(crate) fn listing(&self) -> TokenStream {
        let (cfgs, ident, name) = (&self.cfgs, &self.model.ident, &self.name);
        quote!(#(#cfgs)* names.add(Self::#ident, #name);)
    }

    /// The statement that registers the handler.
    pub(crate) fn registration(&self, krate: &Path) -> TokenStream {
        let (cfgs, name, model) = (&self.cfgs, &self.name, &self.model);
        let (register, this) = match self.kind {
            Kind::Signal if model.is_async => ("async_signal", context(krate)),
            Kind::Update if model.is_async => ("async_update", context(krate)),
            Kind::Signal => ("signal", quote!(&mut Self)),
            Kind::Update => ("update", quote!(&mut Self)),
            Kind::Query => ("query", quote!(&Self)),
        };
        // A future that is not `Send` is reported at the name, a result that cannot be sent at
        // its type.
        let register = Ident::new(register, at(model.ident.span()));
        let place = if model.is_async {
            model.ident.span()
        } else {
            model.output.span()
        };
        let body = delegate(place, &this, model, model);
        quote!(#(#cfgs)* handlers.#register(#name, #body);)
    }
}

impl Validator {
    /// Reads the method, unless its attribute does not say what it validates.
    pub(crate) fn parse(
        method: &ImplItemFn,
        attribute: &Attribute,
        errors: &mut Errors,
    ) -> Option<Self> {
        let update = errors.take(parse_validate(attribute));
        let model = Signature::parse(&method.sig, ContextKind::Workflow, errors);
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
        Some(Self {
            update: update?,
            model,
            cfgs: cfgs(&method.attrs),
        })
    }

    /// The update that it validates.
    pub(crate) fn update<'a>(&self, handlers: &'a [Handler]) -> Option<&'a Handler> {
        let is_update =
            |handler: &&Handler| handler.kind == Kind::Update && handler.model.ident == self.update;
        handlers.iter().find(is_update)
    }

    pub(crate) fn check(&self, handlers: &[Handler], errors: &mut Errors) {
        let name = &self.update;
        match self.update(handlers) {
            Some(update) if update.model.args.len() == self.model.args.len() => {}
            Some(_) => errors.at(
                &self.model.ident,
                format!("a validator takes the arguments of its update `{name}`"),
            ),
            None => errors.at(
                name,
                format!("no method `{name}` of this block is annotated with `#[update]`"),
            ),
        }
    }

    /// The statement that registers the validator.
    pub(crate) fn registration(&self, update: &Handler) -> TokenStream {
        let (cfgs, update_cfgs, name) = (&self.cfgs, &update.cfgs, &update.name);
        // Decoded as the update decodes them, so that a difference does not compile.
        let place = self.model.output.span();
        let body = delegate(place, &quote!(&Self), &update.model, &self.model);
        let register = Ident::new("validator", at(self.model.ident.span()));
        quote!(#(#update_cfgs)* #(#cfgs)* handlers.#register(#name, #body);)
    }
}

fn context(krate: &Path) -> TokenStream {
    quote!(#krate::WorkflowContext<Self>)
}

/// A closure that takes what `decoded` takes and calls `called`.
fn delegate(
    place: Span,
    this: &TokenStream,
    decoded: &Signature,
    called: &Signature,
) -> TokenStream {
    let (ident, types, args) = (&called.ident, tuple(decoded), spread(&called.args));
    let param = args_param(&decoded.args, place);
    quote_spanned!(at(place)=> |this: #this, #param: #types| Self::#ident(this, #args))
}

fn check_shape(kind: Kind, model: &Signature, errors: &mut Errors) {
    let this = kind.with_article();
    if model.is_async {
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
