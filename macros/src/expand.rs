//! Pieces that several of the expansions share.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Block, Expr, Index, ReturnType, Stmt, Type, parse_quote};

use crate::signature::Signature;

/// The place of a user's token, for code that is ours: messages point there, and lints know that
/// it was generated.
pub(crate) fn at(place: Span) -> Span {
    place.resolved_at(Span::mixed_site())
}

/// A user's function as its syntax tree holds it, free or in a block.
pub(crate) struct Function<'a> {
    pub(crate) attrs: &'a mut Vec<Attribute>,
    pub(crate) sig: &'a mut syn::Signature,
    pub(crate) block: &'a mut Block,
}

impl Function<'_> {
    /// Turns `async fn f(..) -> R { body }` into `fn f(..) -> F { F::new(async move { body }) }`.
    pub(crate) fn wrap(self, model: &Signature, future: &TokenStream, type_args: &TokenStream) {
        let (output, stmts) = (&model.output, &self.block.stmts);
        // The first statement never runs. It gives the block its type, so that a mistake in the
        // last expression is reported there and not here.
        // All of the call has the place of the name, so that a future that is not `Send` is
        // reported there.
        let place = at(model.ident.span());
        let new = respanned(future, place);
        let body = quote_spanned! {place=>
            #new::new(async move {
                if let ::core::option::Option::Some(output) =
                    ::core::option::Option::None::<#output>
                {
                    return output;
                }
                #(#stmts)*
            })
        };
        self.sig.asyncness = None;
        self.sig.output = ReturnType::Type(
            syn::Token![->](model.ident.span()),
            Box::new(Type::Verbatim(quote!(#future<#type_args>))),
        );
        self.block.stmts = vec![Stmt::Expr(Expr::Verbatim(body), None)];
        if !model.args.is_empty() {
            // The lint would not say so of an `async fn`.
            self.attrs
                .push(parse_quote!(#[allow(clippy::needless_pass_by_value)]));
        }
    }
}

fn respanned(path: &TokenStream, place: Span) -> TokenStream {
    let tokens = path.clone().into_iter().map(|mut token| {
        token.set_span(place);
        token
    });
    tokens.collect()
}

/// Silences what lints would say about a key: no one makes a value of it, or names it.
pub(crate) fn allow_for_keys() -> TokenStream {
    quote! {
        #[doc(hidden)]
        #[allow(
            dead_code,
            missing_debug_implementations,
            non_camel_case_types,
            unnameable_types,
            unreachable_pub
        )]
    }
}

/// What keeps a parameter from being reported as unused where every use of it is conditional.
pub(crate) fn allow_unused<'a>(mut cfgs: impl Iterator<Item = &'a Vec<Attribute>>) -> TokenStream {
    if cfgs.all(|cfgs| !cfgs.is_empty()) {
        quote!(#[allow(unused_variables)])
    } else {
        quote!()
    }
}

/// `(A, B,)`, the types of the arguments as a tuple.
pub(crate) fn tuple(model: &Signature) -> TokenStream {
    // One type of several cannot be blamed there, so all of them are.
    let (types, place) = (&model.args, model.args_place);
    quote_spanned!(place=> (#(#types,)*))
}

/// `args.0, args.1,`, each at the type that the function has at that place.
pub(crate) fn spread(types: &[Type]) -> TokenStream {
    let places = types.iter().enumerate().map(|(index, ty)| {
        let index = Index {
            index: index as u32,
            span: at(ty.span()),
        };
        quote_spanned!(at(ty.span())=> args.#index,)
    });
    places.collect()
}

/// The parameter that [`spread`] reads.
pub(crate) fn args_param(types: &[Type], place: Span) -> TokenStream {
    if types.is_empty() {
        quote_spanned!(at(place)=> _)
    } else {
        quote_spanned!(at(place)=> args)
    }
}
