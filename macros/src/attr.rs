//! What stands in the parentheses of the attributes.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Result, Token};

use crate::duration;
use crate::errors::Errors;
use crate::names;
use crate::retry::Retry;

/// `#[activity(..)]`.
#[derive(Default)]
pub(crate) struct ActivityAttr {
    pub(crate) name: Option<String>,
    pub(crate) krate: Option<Path>,
    pub(crate) blocking: bool,
    pub(crate) timeouts: Vec<(Ident, Duration)>,
    pub(crate) task_queue: Option<LitStr>,
    pub(crate) retry: Option<Retry>,
}

/// `#[workflow(..)]`.
#[derive(Default)]
pub(crate) struct WorkflowAttr {
    pub(crate) name: Option<String>,
    pub(crate) krate: Option<Path>,
}

const TIMEOUTS: [&str; 4] = [
    "start_to_close_timeout",
    "schedule_to_close_timeout",
    "schedule_to_start_timeout",
    "heartbeat_timeout",
];

impl ActivityAttr {
    /// Reads the options of a function's own attribute.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let known = ["retry", "task_queue", "name", "blocking", "crate"];
        Self::parse_known(tokens, &known, errors)
    }

    /// Reads the options of a method's attribute; the path of the crate stands on its block.
    pub(crate) fn parse_method(attribute: &Attribute, errors: &mut Errors) -> Self {
        let known = ["retry", "task_queue", "name", "blocking"];
        Self::parse_known(arguments(attribute, errors), &known, errors)
    }

    fn parse_known(tokens: TokenStream, others: &[&str], errors: &mut Errors) -> Self {
        let known = [&TIMEOUTS, others].concat();
        let mut attr = Self::default();
        each_option(tokens, &known, errors, |name, option, errors| {
            match name {
                "retry" => attr.retry = Some(Retry::parse(option, errors)),
                "task_queue" => attr.task_queue = Some(string(option)?.clone()),
                "name" => attr.name = Some(wire_name(option)?),
                "crate" => attr.krate = Some(krate(option)?),
                "blocking" => attr.blocking = flag(option)?,
                timeout => {
                    let setter = Ident::new(timeout, option.path().span());
                    attr.timeouts
                        .push((setter, duration::parse(string(option)?)?));
                }
            }
            Ok(())
        });
        attr
    }

    /// Whether a call needs no timeout of its own.
    pub(crate) fn has_close_timeout(&self) -> bool {
        let closing = ["start_to_close_timeout", "schedule_to_close_timeout"];
        self.timeouts
            .iter()
            .any(|(name, _)| closing.iter().any(|closing| name == closing))
    }

    /// The calls of setters that `ActivityOptions` needs, in the order of its documentation.
    pub(crate) fn setters(&self, krate: &Path) -> TokenStream {
        let timeouts = self.timeouts.iter().map(|(name, value)| {
            let value = duration::quote(*value);
            quote!(.#name(#value))
        });
        let task_queue = self
            .task_queue
            .iter()
            .map(|queue| quote!(.task_queue(#queue)));
        let retry = self.retry.iter().map(|retry| {
            let policy = retry.quote(krate);
            quote!(.retry(#policy))
        });
        quote!(#(#timeouts)* #(#task_queue)* #(#retry)*)
    }
}

impl WorkflowAttr {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut attr = Self::default();
        each_option(tokens, &["name", "crate"], errors, |name, option, _| {
            match name {
                "name" => attr.name = Some(wire_name(option)?),
                _ => attr.krate = Some(krate(option)?),
            }
            Ok(())
        });
        attr
    }
}

/// Reads `#[activities(..)]`: the path of the crate, if it is not `::outlast`.
pub(crate) fn parse_activities(tokens: TokenStream, errors: &mut Errors) -> Option<Path> {
    let mut path = None;
    each_option(tokens, &["crate"], errors, |_, option, _| {
        path = Some(krate(option)?);
        Ok(())
    });
    path
}

/// Reads `#[signal(..)]`, `#[query(..)]` or `#[update(..)]`: the name, if it is not the method's.
pub(crate) fn parse_handler(attribute: &Attribute, errors: &mut Errors) -> Option<String> {
    let mut name = None;
    let tokens = arguments(attribute, errors);
    each_option(tokens, &["name"], errors, |_, option, _| {
        name = Some(wire_name(option)?);
        Ok(())
    });
    name
}

/// Reads `#[validate(add_item)]`: the method whose calls are validated.
pub(crate) fn parse_validate(attribute: &Attribute) -> Result<Ident> {
    attribute.parse_args().map_err(|error| {
        let span = match &attribute.meta {
            Meta::List(_) => error.span(),
            _ => attribute.path().span(),
        };
        Error::new(span, "name the update method: `#[validate(add_item)]`")
    })
}

/// The path of the crate that generated code names.
pub(crate) fn krate_or_default(krate: Option<Path>) -> Path {
    krate.unwrap_or_else(|| syn::parse_quote!(::outlast))
}

/// The conditions under which an item exists.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    let is_cfg = |attr: &&Attribute| attr.path().is_ident("cfg");
    attrs.iter().filter(is_cfg).cloned().collect()
}

/// Calls `read` for each option, all of which must be `known` and different.
pub(crate) fn each_option(
    tokens: TokenStream,
    known: &[&str],
    errors: &mut Errors,
    mut read: impl FnMut(&str, &Meta, &mut Errors) -> Result<()>,
) {
    let options = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens);
    let mut seen = Vec::new();
    for option in errors.take(options).into_iter().flatten() {
        let path = option.path();
        let name = path
            .get_ident()
            .map(ToString::to_string)
            .unwrap_or_default();
        if !known.contains(&name.as_str()) {
            errors.at(path, unknown_option(path, known));
        } else if seen.contains(&name) {
            errors.at(path, format!("`{name}` is given twice"));
        } else {
            let read = read(&name, &option, errors);
            errors.take(read);
            seen.push(name);
        }
    }
}

fn unknown_option(path: &Path, known: &[&str]) -> String {
    let written = path.to_token_stream().to_string().replace(' ', "");
    let one_of = if known.len() == 1 { "" } else { "one of " };
    let known = known.join("`, `");
    format!("unknown option `{written}`; expected {one_of}`{known}`")
}

/// The literal after the `=`.
pub(crate) fn literal<'a>(option: &'a Meta, expected: &str) -> Result<&'a Lit> {
    match &option.require_name_value()?.value {
        Expr::Lit(ExprLit { lit, .. }) => Ok(lit),
        other => Err(Error::new_spanned(other, format!("expected {expected}"))),
    }
}

/// The string after the `=`.
pub(crate) fn string(option: &Meta) -> Result<&LitStr> {
    match literal(option, "a string")? {
        Lit::Str(text) => Ok(text),
        other => Err(Error::new_spanned(other, "expected a string")),
    }
}

fn flag(option: &Meta) -> Result<bool> {
    match option {
        Meta::Path(_) => Ok(true),
        other => Err(Error::new_spanned(other, "this option takes no value")),
    }
}

fn krate(option: &Meta) -> Result<Path> {
    let text = string(option)?;
    text.parse_with(Path::parse_mod_style)
        .map_err(|_| Error::new(text.span(), "expected a path such as \"my_crate::outlast\""))
}

fn wire_name(option: &Meta) -> Result<String> {
    let text = string(option)?;
    names::check(&text.value()).map_err(|message| Error::new(text.span(), message))?;
    Ok(text.value())
}

fn arguments(attribute: &Attribute, errors: &mut Errors) -> TokenStream {
    match &attribute.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(_) => {
            errors.at(attribute, "expected options in parentheses");
            TokenStream::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(tokens: TokenStream) -> Result<ActivityAttr> {
        let mut errors = Errors::default();
        let attr = ActivityAttr::parse(tokens, &mut errors);
        errors.check(attr)
    }

    fn messages(error: Error) -> Vec<String> {
        error.into_iter().map(|error| error.to_string()).collect()
    }

    #[test]
    fn every_option_of_an_activity_is_read() {
        let attr = parse(quote!(
            start_to_close_timeout = "30s",
            heartbeat_timeout = "5s",
            task_queue = "bulk",
            name = "Charge",
            blocking,
            retry(max_attempts = 3),
            crate = "crate::sdk",
        ))
        .unwrap();
        assert_eq!(attr.name.as_deref(), Some("Charge"));
        assert!(attr.blocking && attr.has_close_timeout());
        assert_eq!(attr.krate.to_token_stream().to_string(), "crate :: sdk");
        let setters = attr.setters(&syn::parse_quote!(sdk)).to_string();
        assert_eq!(
            setters.replace(' ', ""),
            ".start_to_close_timeout(::core::time::Duration::from_secs(30u64))\
             .heartbeat_timeout(::core::time::Duration::from_secs(5u64))\
             .task_queue(\"bulk\")\
             .retry(sdk::RetryPolicy::new().max_attempts(3u32))"
        );
    }

    #[test]
    fn only_timeouts_of_the_whole_count_as_such() {
        for (option, closes) in [
            (quote!(start_to_close_timeout = "1s"), true),
            (quote!(schedule_to_close_timeout = "1s"), true),
            (quote!(schedule_to_start_timeout = "1s"), false),
            (quote!(heartbeat_timeout = "1s"), false),
            (quote!(), false),
        ] {
            let attr = parse(option.clone()).unwrap();
            assert_eq!(attr.has_close_timeout(), closes, "{option}");
        }
    }

    #[test]
    fn all_mistakes_of_one_attribute_are_found() {
        let found = parse(quote!(
            blocking = true,
            name = 7,
            name = "",
            task_queue = QUEUE,
            task_queue("bulk"),
            heartbeat_timeout = "0s",
            retries = 3,
        ));
        let found = messages(found.err().unwrap());
        assert_eq!(found.len(), 7, "{found:#?}");
    }

    #[test]
    fn a_validator_names_its_update() {
        let update = |attribute: Attribute| parse_validate(&attribute).map_err(messages);
        assert_eq!(update(syn::parse_quote!(#[validate(add)])).unwrap(), "add");
        for bad in [
            syn::parse_quote!(#[validate]),
            syn::parse_quote!(#[validate()]),
            syn::parse_quote!(#[validate("add")]),
            syn::parse_quote!(#[validate = "add"]),
        ] {
            assert_eq!(
                update(bad).unwrap_err(),
                ["name the update method: `#[validate(add_item)]`"]
            );
        }
    }
}
