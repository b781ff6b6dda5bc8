//! `#[activities]` on an `impl` block.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Error, ImplItem, ImplItemFn, Item, ItemImpl, Path, Result, Type, TypePath};

use crate::activity::{self, Definition};
use crate::attr::{self, ActivityAttr, cfgs, krate_or_default};
use crate::errors::Errors;
use crate::expand::{Function, allow_for_keys, allow_unused, at};
use crate::names::{self, Named};
use crate::signature::Signature;

/// One method annotated with `#[activity]`, its place in the block, and what was read from it.
struct Method {
    index: usize,
    attr: ActivityAttr,
    model: Signature,
    name: String,
    cfgs: Vec<Attribute>,
}

/// Expands `#[activities]`.
pub(crate) fn expand(attr: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let block = match syn::parse2(item)? {
        Item::Impl(block) => block,
        other => {
            let message = "`#[activities]` goes on an `impl` block; on a function it is \
                           `#[activity]`";
            return Err(Error::new_spanned(other, message));
        }
    };
    let mut errors = Errors::default();
    let krate = krate_or_default(attr::parse_activities(attr, &mut errors));
    let owner = owner(&block, "activities", &mut errors);
    let methods = methods(&block, &mut errors);
    let (owner, methods) = errors.check((owner, methods))?;
    Ok(impl_activities(block, &krate, &owner, &methods))
}

/// The name of the type that the block is for.
pub(crate) fn owner(block: &ItemImpl, what: &str, errors: &mut Errors) -> String {
    if let Some((path, _)) = &block.trait_ {
        errors.at(
            path,
            format!("{what} are methods of the type itself, not of a trait"),
        );
    }
    if !block.generics.params.is_empty() {
        errors.at(
            &block.generics,
            "must not be generic: callers know it by its name alone",
        );
    }
    match &*block.self_ty {
        Type::Path(TypePath { path, .. }) if !path.segments.is_empty() => path.segments
            [path.segments.len() - 1]
            .ident
            .unraw()
            .to_string(),
        other => {
            errors.at(other, "expected the name of a type");
            String::new()
        }
    }
}

fn methods(block: &ItemImpl, errors: &mut Errors) -> Vec<Method> {
    let mut methods = Vec::new();
    for (index, item) in block.items.iter().enumerate() {
        if let ImplItem::Fn(method) = item
            && let Some(attribute) = method.attrs.iter().find(|attr| is_activity(attr))
        {
            let cfgs = [cfgs(&block.attrs), cfgs(&method.attrs)].concat();
            methods.push(Method::parse(index, method, attribute, cfgs, errors));
        }
    }
    if methods.is_empty() {
        errors.at(
            &block.self_ty,
            "no method of this block is annotated with `#[activity]`",
        );
    }
    names::refuse_duplicates(methods.iter().map(Method::named), errors);
    methods
}

impl Method {
    fn named(&self) -> Named<'_> {
        Named {
            kind: "activity",
            name: &self.name,
            model: &self.model,
            cfgs: &self.cfgs,
        }
    }

    fn parse(
        index: usize,
        method: &ImplItemFn,
        attribute: &Attribute,
        cfgs: Vec<Attribute>,
        errors: &mut Errors,
    ) -> Self {
        let attr = ActivityAttr::parse_method(attribute, errors);
        let model = activity::parse(&method.sig, errors);
        let name = model.wire_name(attr.name.as_deref(), errors);
        if let Some(receiver) = &model.receiver
            && !model.takes_ref_self()
            && !model.takes_arc_self()
        {
            errors.at(
                receiver,
                "activities share their receiver: take `&self` or `self: Arc<Self>`",
            );
        }
        Self {
            index,
            attr,
            model,
            name,
            cfgs,
        }
    }
}

/// Whether the attribute is `#[activity]`, by whatever path.
pub(crate) fn is_activity(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == "activity")
}

fn impl_activities(
    mut block: ItemImpl,
    krate: &Path,
    owner: &str,
    methods: &[Method],
) -> TokenStream {
    let owner_type = (*block.self_ty).clone();
    let block_cfgs = cfgs(&block.attrs);
    // Two blocks never hold the same first method, so the name is unique.
    let module = format_ident!(
        "__{}_activities_{}",
        owner.to_lowercase(),
        methods[0].model.name()
    );
    let (mut keys, mut definitions, mut registrations) = (vec![], vec![], vec![]);
    for Method {
        index,
        attr,
        model,
        name,
        cfgs,
    } in methods
    {
        let ImplItem::Fn(method) = &mut block.items[*index] else {
            unreachable!("the index is that of a method");
        };
        let ident = &model.ident;
        let path = quote!(#module::#ident);
        let future = quote!(#krate::definition::ActivityFuture);
        let lifetime = if model.takes_ref_self() {
            quote!('_)
        } else {
            quote!('static)
        };
        method.attrs.retain(|attr| !is_activity(attr));
        let function = Function {
            attrs: &mut method.attrs,
            sig: &mut method.sig,
            block: &mut method.block,
        };
        function.wrap(model, &future, &quote!(#lifetime, #path<Self>));
        // Generic in the owner, so that the key is only as visible as its owner is.
        keys.push(quote!(#(#cfgs)* pub struct #ident<Owner>(Owner);));
        let key = quote!(#path<#owner_type>);
        let model = without_self(model, &owner_type);
        let definition = Definition {
            krate,
            cfgs,
            attr,
            model: &model,
            name,
            key: key.clone(),
            receiver: owner_type.clone(),
            function: quote!(<#owner_type>::#ident),
        };
        definitions.push(definition.activity());
        definitions.push(definition.activity_impl());
        registrations.push(quote! {
            #(#cfgs)*
            registry.add::<#key>(::std::sync::Arc::clone(&self));
        });
    }
    let allow = allow_for_keys();
    let unused = allow_unused(methods.iter().map(|method| &method.cfgs));
    let register = quote! {
        #unused
        fn register(
            self: ::std::sync::Arc<Self>,
            registry: &mut #krate::activity::ActivityRegistry,
        ) {
            #(#registrations)*
        }
    };
    let set = quote_spanned! {at(owner_type.span())=>
        #(#block_cfgs)*
        #[automatically_derived]
        impl #krate::activity::ActivitySet for #owner_type { #register }
    };
    quote! {
        #block
        #(#block_cfgs)*
        #allow
        mod #module { #(#keys)* }
        #(#definitions)*
        #set
    }
}

/// The signature as it reads outside the block, where `Self` is something else.
fn without_self(model: &Signature, owner: &Type) -> Signature {
    let rewrite = |ty: &Type| Type::Verbatim(replace_self(ty.to_token_stream(), owner));
    Signature {
        ident: model.ident.clone(),
        receiver: model.receiver.clone(),
        context: model.context.clone(),
        args: model.args.iter().map(rewrite).collect(),
        output: rewrite(&model.output),
        is_async: model.is_async,
        args_place: model.args_place,
    }
}

fn replace_self(tokens: TokenStream, owner: &Type) -> TokenStream {
    let replace = |token| match token {
        TokenTree::Ident(ident) if ident == "Self" => owner.to_token_stream(),
        TokenTree::Group(group) => {
            let mut replaced = Group::new(group.delimiter(), replace_self(group.stream(), owner));
            replaced.set_span(group.span());
            TokenTree::Group(replaced).into()
        }
        other => other.into(),
    };
    tokens.into_iter().map(replace).collect::<TokenStream>()
}
