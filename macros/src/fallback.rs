//! What is left of an item that could not be expanded.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ImplItem, ItemImpl, Result};

use crate::activities::is_activity;
use crate::workflow_impl::is_helper;

/// The expansion; or its errors next to the item as it was written, so that one mistake does not
/// hide the item from the rest of the program.
pub(crate) fn expand_or_report(
    expand: fn(TokenStream, TokenStream) -> Result<TokenStream>,
    attr: TokenStream,
    item: TokenStream,
) -> TokenStream {
    expand(attr, item.clone()).unwrap_or_else(|error| {
        let error = error.into_compile_error();
        let item = without_helpers(item);
        quote!(#error #item)
    })
}

/// The item without the attributes that only we know.
fn without_helpers(item: TokenStream) -> TokenStream {
    let Ok(mut block) = syn::parse2::<ItemImpl>(item.clone()) else {
        return item;
    };
    for member in &mut block.items {
        if let ImplItem::Fn(method) = member {
            method
                .attrs
                .retain(|attr| !is_helper(attr) && !is_activity(attr));
        }
    }
    quote!(#block)
}
