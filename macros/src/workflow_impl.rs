//! `#[workflow]` on an `impl` block: the type is the state and the key.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Ident, ImplItem, ImplItemFn, ItemImpl, Meta, Path, Result, Type};

use crate::activities::owner;
use crate::attr::{WorkflowAttr, cfgs, krate_or_default};
use crate::errors::Errors;
use crate::expand::{Function, allow_unused, at, spread};
use crate::handler::{Handler, Kind, Validator};
use crate::names;
use crate::run;
use crate::signature::Signature;
use crate::workflow::{definition, start};

/// The attributes that mean something on a method of a workflow.
const HELPERS: [&str; 6] = ["run", "init", "signal", "query", "update", "validate"];

/// What was read from the block.
pub(crate) struct Workflow {
    /// The bare name of the type.
    owner: String,
    run: Run,
    init: Option<Signature>,
    handlers: Vec<Handler>,
    validators: Vec<Validator>,
}

struct Run {
    /// The place of the method in the block.
    index: usize,
    model: Signature,
}

/// Whether the attribute is one that `#[workflow]` reads and removes.
pub(crate) fn is_helper(attribute: &Attribute) -> bool {
    HELPERS.iter().any(|name| attribute.path().is_ident(name))
}

impl Workflow {
    /// Reads the block; `errors` holds what was found so far.
    pub(crate) fn parse(block: &ItemImpl, mut errors: Errors) -> Result<Self> {
        let owner = owner(block, "workflow methods", &mut errors);
        let (mut run, mut init) = (None, None);
        let (mut handlers, mut validators) = (vec![], vec![]);
        for (index, item) in block.items.iter().enumerate() {
            let ImplItem::Fn(method) = item else {
                continue;
            };
            let Some(attribute) = role(method, &mut errors) else {
                continue;
            };
            if let Some(kind) = Kind::of(attribute) {
                handlers.push(Handler::parse(kind, method, attribute, &mut errors));
            } else if attribute.path().is_ident("validate") {
                validators.extend(Validator::parse(method, attribute, &mut errors));
            } else if attribute.path().is_ident("run") {
                let model = run::parse_method(method, block, &mut errors);
                only_one(
                    &mut run,
                    method,
                    attribute,
                    Run { index, model },
                    &mut errors,
                );
            } else {
                let model = run::parse_init(method, block, &mut errors);
                only_one(&mut init, method, attribute, model, &mut errors);
            }
        }
        names::refuse_duplicates(handlers.iter().map(Handler::named), &mut errors);
        for validator in &validators {
            validator.check(&handlers, &mut errors);
        }
        let Some(run) = run else {
            errors.at(&block.self_ty, "a workflow needs one `#[run]` method");
            return Err(errors.into_error());
        };
        if let Some(init) = &init
            && !init.args.is_empty()
            && init.args.len() != run.model.args.len()
        {
            errors.at(
                &init.ident,
                "`#[init]` takes the arguments of `#[run]`, or none",
            );
        }
        errors.check(Self {
            owner,
            run,
            init,
            handlers,
            validators,
        })
    }

    pub(crate) fn expand(&self, mut block: ItemImpl, attr: WorkflowAttr) -> TokenStream {
        let krate = krate_or_default(attr.krate);
        let owner = &block.self_ty.clone();
        self.rewrite(&mut block, &krate);
        let name = attr.name.unwrap_or_else(|| self.owner.clone());
        let run = &self.run.model;
        let owner_tokens = quote!(#owner);
        let names = self.handler_names(&krate);
        let definition = definition(&krate, run, &owner_tokens, &owner_tokens, &name, &names);
        let ident = &run.ident;
        let start = start(&krate, run, &quote!(Self::#ident));
        let init = self.init(&krate, owner);
        let handlers = self.registrations(&krate);
        let cfgs = cfgs(&block.attrs);
        quote! {
            #block
            #(#cfgs)*
            #definition
            #(#cfgs)*
            #[automatically_derived]
            #[allow(deprecated)]
            impl #krate::workflow::WorkflowImpl for #owner {
                #init
                #start
                #handlers
            }
        }
    }

    /// Removes the helper attributes and makes `run` return the future that names the workflow.
    fn rewrite(&self, block: &mut ItemImpl, krate: &Path) {
        for (index, item) in block.items.iter_mut().enumerate() {
            let ImplItem::Fn(method) = item else {
                continue;
            };
            let helpers = method.attrs.extract_if(.., |attr| is_helper(attr)).count();
            if index == self.run.index {
                let future = quote!(#krate::definition::WorkflowFuture);
                let model = &self.run.model;
                let function = Function {
                    attrs: &mut method.attrs,
                    sig: &mut method.sig,
                    block: &mut method.block,
                };
                function.wrap(model, &future, &quote!(Self));
            } else if helpers > 0 && method.sig.receiver().is_some() {
                // Callers decide the shape of a handler, so advice to change it does not help.
                method.attrs.push(syn::parse_quote!(
                    #[allow(
                        clippy::needless_pass_by_value,
                        clippy::unnecessary_wraps,
                        clippy::unused_self
                    )]
                ));
            }
        }
    }

    fn handler_names(&self, krate: &Path) -> TokenStream {
        if self.handlers.is_empty() {
            return TokenStream::new();
        }
        let unused = self.allow_unused();
        let listings = self.handlers.iter().map(Handler::listing);
        quote! {
            #unused
            fn handler_names(names: &mut #krate::definition::HandlerNames) {
                #(#listings)*
            }
        }
    }

    fn registrations(&self, krate: &Path) -> TokenStream {
        if self.handlers.is_empty() {
            return TokenStream::new();
        }
        let unused = self.allow_unused();
        let handlers = self
            .handlers
            .iter()
            .map(|handler| handler.registration(krate));
        let validators = self.validators.iter().filter_map(|validator| {
            let update = validator.update(&self.handlers)?;
            Some(validator.registration(update))
        });
        quote! {
            #unused
            fn handlers(handlers: &mut #krate::workflow::Handlers<Self::State>) {
                #(#handlers)*
                #(#validators)*
            }
        }
    }

    fn allow_unused(&self) -> TokenStream {
        allow_unused(self.handlers.iter().map(|handler| &handler.cfgs))
    }

    fn init(&self, krate: &Path, owner: &Type) -> TokenStream {
        let (input, make) = match &self.init {
            // A state without `Default` is reported at its name.
            None => (
                quote!(_),
                quote_spanned!(at(owner.span())=> <Self as ::core::default::Default>::default()),
            ),
            Some(init) if init.args.is_empty() => {
                let ident = &init.ident;
                (quote!(_), quote!(Self::#ident()))
            }
            Some(init) => {
                let (ident, args) = (&init.ident, spread(&init.args));
                let place = at(ident.span());
                let input = Ident::new("input", place);
                let make = quote_spanned! {place=> {
                    let args = <Self::Args as #krate::convert::Args>::decode(#input)?;
                    Self::#ident(#args)
                }};
                (quote!(#input), make)
            }
        };
        quote! {
            fn init(
                #input: &[#krate::Payload],
            ) -> ::core::result::Result<Self, #krate::convert::DecodeError> {
                ::core::result::Result::Ok(#make)
            }
        }
    }
}

/// The one helper attribute of a method, if it has one.
fn role<'a>(method: &'a ImplItemFn, errors: &mut Errors) -> Option<&'a Attribute> {
    let mut helpers = method.attrs.iter().filter(|attr| is_helper(attr));
    let first = helpers.next()?;
    if let Some(second) = helpers.next() {
        errors.at(second, "a method has one role in a workflow");
    }
    Some(first)
}

fn only_one<T>(
    slot: &mut Option<T>,
    method: &ImplItemFn,
    attribute: &Attribute,
    value: T,
    errors: &mut Errors,
) {
    let name = attribute.path().to_token_stream();
    if slot.is_some() {
        errors.at(attribute, format!("a workflow has one `#[{name}]` method"));
    } else {
        *slot = Some(value);
    }
    if !matches!(attribute.meta, Meta::Path(_)) {
        errors.at(
            attribute,
            format!("`#[{name}]` has no options; those of the workflow go on `#[workflow]`"),
        );
    }
    for cfg in cfgs(&method.attrs) {
        errors.at(
            &cfg,
            format!("`#[{name}]` cannot be conditional: put the condition on the `impl` block"),
        );
    }
}
