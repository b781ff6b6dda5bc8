//! [`Signature`]: what a function's signature says, whatever the function is for.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, FnArg, Ident, Pat, PatType, Receiver, ReceiverKind, ReturnType, Safety, Type,
    parse_quote_spanned,
};

use crate::errors::Errors;
use crate::names;

/// How many arguments a function may take, besides its receiver and its context.
const MAX_ARGS: usize = 12;

pub(crate) struct Signature {
    pub(crate) ident: Ident,
    pub(crate) receiver: Option<Receiver>,
    /// The type of the context parameter, if there is one.
    pub(crate) context: Option<Type>,
    pub(crate) args: Vec<Type>,
    pub(crate) output: Type,
    pub(crate) is_async: bool,
    /// The parentheses with all that is between them.
    pub(crate) args_place: Span,
}

/// Which context a function may take.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum ContextKind {
    Activity,
    Workflow,
}

impl ContextKind {
    fn name(self) -> &'static str {
        match self {
            Self::Activity => "ActivityContext",
            Self::Workflow => "WorkflowContext",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Activity => Self::Workflow,
            Self::Workflow => Self::Activity,
        }
    }
}

impl Signature {
    pub(crate) fn parse(sig: &syn::Signature, kind: ContextKind, errors: &mut Errors) -> Self {
        refuse_qualifiers(sig, errors);
        let (mut receiver, mut context, mut args) = (None, None, Vec::new());
        for input in &sig.inputs {
            refuse_cfg(input, errors);
            match input {
                FnArg::Receiver(found) => receiver = Some(found.clone()),
                FnArg::Typed(arg) if is_context(&arg.ty, kind) => {
                    check_context(arg, kind, context.is_none() && args.is_empty(), errors);
                    context = Some((*arg.ty).clone());
                }
                FnArg::Typed(arg) if is_context(&arg.ty, kind.other()) => {
                    let (ours, other) = (kind.name(), kind.other().name());
                    errors.at(&arg.ty, format!("expected the `{ours}`, found `{other}`"));
                    context = Some((*arg.ty).clone());
                }
                FnArg::Typed(arg) => {
                    check_arg(arg, errors);
                    args.push((*arg.ty).clone());
                }
            }
        }
        if let Some(surplus) = args.get(MAX_ARGS) {
            errors.at(
                surplus,
                format!("at most {MAX_ARGS} arguments: put them in a struct, which can grow later"),
            );
        }
        let output = match &sig.output {
            ReturnType::Default => parse_quote_spanned!(sig.ident.span()=> ()),
            ReturnType::Type(_, output) => (**output).clone(),
        };
        refuse_impl_trait(&output, errors);
        Self {
            ident: sig.ident.clone(),
            receiver,
            context,
            args,
            output,
            is_async: sig.asyncness.is_some(),
            args_place: sig.paren_token.span.join(),
        }
    }

    /// The function's own name.
    pub(crate) fn name(&self) -> String {
        syn::ext::IdentExt::unraw(&self.ident).to_string()
    }

    /// The name on the wire: the given one, or the function's own.
    pub(crate) fn wire_name(&self, given: Option<&str>, errors: &mut Errors) -> String {
        if let Some(given) = given {
            return given.to_owned();
        }
        let name = self.name();
        if let Err(message) = names::check(&name) {
            errors.at(&self.ident, message);
        }
        name
    }

    /// Refuses results that could not outlive the call.
    pub(crate) fn refuse_borrowed_output(&self, errors: &mut Errors) {
        if borrows(&self.output) {
            errors.at(
                &self.output,
                "results travel as payloads, so they must be owned types, such as `String` for \
                 `&str`",
            );
        }
    }

    /// Where to say that the receiver is not the right one.
    pub(crate) fn receiver_or_name(&self) -> TokenStream {
        match &self.receiver {
            Some(receiver) => receiver.to_token_stream(),
            None => self.ident.to_token_stream(),
        }
    }

    pub(crate) fn takes_ref_self(&self) -> bool {
        self.receiver_is(|kind| matches!(kind, ReceiverKind::Reference(_, None, None)))
    }

    pub(crate) fn takes_mut_self(&self) -> bool {
        self.receiver_is(|kind| matches!(kind, ReceiverKind::Reference(_, None, Some(_))))
    }

    pub(crate) fn takes_arc_self(&self) -> bool {
        self.receiver_is(|kind| match kind {
            ReceiverKind::Typed(_, ty) => is_named(ty, "Arc"),
            _ => false,
        })
    }

    fn receiver_is(&self, test: impl Fn(&ReceiverKind) -> bool) -> bool {
        self.receiver
            .as_ref()
            .is_some_and(|receiver| test(&receiver.kind))
    }
}

/// Whether the last part of the type's path is `name`.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(ty) => ty
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == name),
        _ => false,
    }
}

/// Whether the type holds a reference, or a lifetime other than `'static`.
pub(crate) fn borrows(ty: &Type) -> bool {
    fn any(tokens: TokenStream) -> bool {
        let mut after_quote = false;
        tokens.into_iter().any(|token| {
            let is_lifetime = std::mem::take(&mut after_quote);
            match token {
                TokenTree::Punct(punct) => {
                    after_quote = punct.as_char() == '\'';
                    punct.as_char() == '&'
                }
                TokenTree::Ident(ident) => is_lifetime && ident != "static",
                TokenTree::Group(group) => any(group.stream()),
                TokenTree::Literal(_) => false,
            }
        })
    }
    any(ty.to_token_stream())
}

/// The context itself, or a reference to it.
fn is_context(ty: &Type, kind: ContextKind) -> bool {
    match ty {
        Type::Reference(reference) => is_context(&reference.elem, kind),
        other => is_named(other, kind.name()),
    }
}

fn check_context(arg: &PatType, kind: ContextKind, is_first: bool, errors: &mut Errors) {
    let name = kind.name();
    if let Type::Reference(_) = &*arg.ty {
        errors.at(
            &arg.ty,
            format!("take the `{name}` by value: it is cheap to clone"),
        );
    } else if !is_first {
        errors.at(arg, format!("the one `{name}` comes before the arguments"));
    }
}

fn check_arg(arg: &PatType, errors: &mut Errors) {
    let plain = match &*arg.pat {
        Pat::Ident(name) => name.by_ref.is_none() && name.subpat.is_none(),
        Pat::Wild(_) => true,
        _ => false,
    };
    if !plain {
        errors.at(
            &arg.pat,
            "arguments must be plain names: take the value apart in the body",
        );
    }
    if borrows(&arg.ty) {
        errors.at(
            &arg.ty,
            "arguments are decoded from payloads, so they must be owned types, such as `String` \
             for `&str`",
        );
    }
    refuse_impl_trait(&arg.ty, errors);
}

fn refuse_impl_trait(ty: &Type, errors: &mut Errors) {
    if let Type::ImplTrait(_) = ty {
        errors.at(ty, "`impl Trait` does not say what to decode: write a type");
    }
}

/// The number and types of arguments are what callers see, on every platform.
fn refuse_cfg(input: &FnArg, errors: &mut Errors) {
    let attrs: &[Attribute] = match input {
        FnArg::Receiver(receiver) => &receiver.attrs,
        FnArg::Typed(arg) => &arg.attrs,
    };
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("cfg")) {
        errors.at(
            attr,
            "an argument cannot be conditional: callers must always send it",
        );
    }
}

fn refuse_qualifiers(sig: &syn::Signature, errors: &mut Errors) {
    fn refuse(tokens: &impl ToTokens, message: impl Display, errors: &mut Errors) {
        if !tokens.to_token_stream().is_empty() {
            errors.at(tokens, message);
        }
    }
    let generic = "must not be generic: callers know it by its name alone";
    refuse(&sig.generics, generic, errors);
    refuse(&sig.generics.where_clause, generic, errors);
    refuse(&sig.abi, "must not be `extern`", errors);
    refuse(&sig.variadic, "must not be variadic", errors);
    if let Safety::Unsafe(token) = &sig.safety {
        errors.at(
            token,
            "must not be `unsafe`: the worker calls it with any arguments that decode",
        );
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::*;

    fn messages(sig: &syn::Signature, kind: ContextKind) -> Vec<String> {
        let mut errors = Errors::default();
        Signature::parse(sig, kind, &mut errors);
        let error = errors.check(()).err();
        let errors = error.into_iter().flatten();
        errors.map(|error| error.to_string()).collect()
    }

    #[test]
    fn a_context_is_told_from_the_arguments() {
        let sig =
            parse_quote!(async fn f(ctx: outlast::ActivityContext, mut a: u32, _: String) -> R);
        let parsed = Signature::parse(&sig, ContextKind::Activity, &mut Errors::default());
        assert!(parsed.context.is_some() && parsed.receiver.is_none() && parsed.is_async);
        let args = parsed
            .args
            .iter()
            .map(|ty| ty.to_token_stream().to_string());
        assert_eq!(args.collect::<Vec<_>>(), ["u32", "String"]);
    }

    #[test]
    fn every_mistake_is_found_at_once() {
        let sig = parse_quote!(
            unsafe extern "C" fn f<T>(
                a: &str,
                (b, c): (u32, u32),
                ctx: ActivityContext,
                #[cfg(unix)] d: u32,
                e: impl Display,
                g: WorkflowContext,
            ) -> impl Display
        );
        let found = messages(&sig, ContextKind::Activity);
        assert_eq!(found.len(), 10, "{found:#?}");
    }

    #[test]
    fn borrowed_types_are_recognized_at_any_depth() {
        for (ty, expected) in [
            (quote!(&str), true),
            (quote!(&'static str), true),
            (quote!(Option<&str>), true),
            (quote!((u32, Cow<'_, str>)), true),
            (quote!(Cow<'static, str>), false),
            (quote!(Vec<(u32, String)>), false),
        ] {
            assert_eq!(borrows(&parse_quote!(#ty)), expected, "{ty}");
        }
    }

    #[test]
    fn raw_names_lose_their_prefix_on_the_wire() {
        let sig = parse_quote!(async fn r#match());
        let parsed = Signature::parse(&sig, ContextKind::Workflow, &mut Errors::default());
        assert_eq!(parsed.name(), "match");
    }
}
