//! `retry(..)` of an activity's options.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, Expr, ExprLit, Lit, Meta, Path, Result};

use crate::attr::{each_option, literal, string};
use crate::duration;
use crate::errors::Errors;

/// The calls of setters that make the policy, in the order in which they were written.
#[derive(Default)]
pub(crate) struct Retry(Vec<TokenStream>);

const KNOWN: [&str; 5] = [
    "max_attempts",
    "initial_interval",
    "backoff_coefficient",
    "max_interval",
    "non_retryable",
];

impl Retry {
    pub(crate) fn parse(option: &Meta, errors: &mut Errors) -> Self {
        let mut setters = Vec::new();
        let Meta::List(options) = option else {
            errors.at(
                option,
                "expected options in parentheses: `retry(max_attempts = 3)`",
            );
            return Self::default();
        };
        each_option(options.tokens.clone(), &KNOWN, errors, |name, option, _| {
            let setter = option.path();
            match name {
                "max_attempts" => {
                    let attempts = attempts(literal(option, "a whole number")?)?;
                    setters.push(quote!(.#setter(#attempts)));
                }
                "backoff_coefficient" => {
                    let coefficient = coefficient(literal(option, "a number")?)?;
                    setters.push(quote!(.#setter(#coefficient)));
                }
                "non_retryable" => {
                    for kind in kinds(&option.require_name_value()?.value)? {
                        setters.push(quote!(.non_retryable_error(#kind)));
                    }
                }
                _ => {
                    let interval = duration::quote(duration::parse(string(option)?)?);
                    setters.push(quote!(.#setter(#interval)));
                }
            }
            Ok(())
        });
        Self(setters)
    }

    pub(crate) fn quote(&self, krate: &Path) -> TokenStream {
        let setters = &self.0;
        quote!(#krate::RetryPolicy::new() #(#setters)*)
    }
}

fn attempts(value: &Lit) -> Result<u32> {
    match value {
        Lit::Int(number) => number.base10_parse(),
        other => Err(Error::new_spanned(other, "expected a whole number")),
    }
}

fn coefficient(value: &Lit) -> Result<f64> {
    let number: f64 = match value {
        Lit::Float(number) => number.base10_parse()?,
        Lit::Int(number) => number.base10_parse()?,
        other => return Err(Error::new_spanned(other, "expected a number")),
    };
    if number < 1.0 {
        return Err(Error::new_spanned(
            value,
            "a coefficient is at least 1: waits never get shorter",
        ));
    }
    Ok(number)
}

fn kinds(value: &Expr) -> Result<Vec<TokenStream>> {
    let refuse = |tokens: &Expr| {
        Error::new_spanned(
            tokens,
            "expected a list of error kinds such as [\"CardDeclined\"]",
        )
    };
    let Expr::Array(list) = value else {
        return Err(refuse(value));
    };
    let kind = |element: &Expr| match element {
        Expr::Lit(ExprLit {
            lit: Lit::Str(kind),
            ..
        }) => Ok(kind.to_token_stream()),
        other => Err(refuse(other)),
    };
    list.elems.iter().map(kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(option: &Meta) -> Result<String> {
        let mut errors = Errors::default();
        let retry = Retry::parse(option, &mut errors);
        let retry = errors.check(retry)?;
        Ok(retry
            .quote(&syn::parse_quote!(sdk))
            .to_string()
            .replace(' ', ""))
    }

    #[test]
    fn every_option_becomes_a_setter() {
        let policy = syn::parse_quote!(retry(
            max_attempts = 3,
            initial_interval = "1s",
            backoff_coefficient = 2,
            max_interval = "1m",
            non_retryable = ["CardDeclined", "UnknownCard"],
        ));
        assert_eq!(
            written(&policy).unwrap(),
            "sdk::RetryPolicy::new().max_attempts(3u32)\
             .initial_interval(::core::time::Duration::from_secs(1u64))\
             .backoff_coefficient(2f64)\
             .max_interval(::core::time::Duration::from_secs(60u64))\
             .non_retryable_error(\"CardDeclined\").non_retryable_error(\"UnknownCard\")"
        );
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused() {
        for bad in [
            syn::parse_quote!(retry),
            syn::parse_quote!(retry = 3),
            syn::parse_quote!(retry(attempts = 3)),
            syn::parse_quote!(retry(max_attempts = "3")),
            syn::parse_quote!(retry(max_attempts = -1)),
            syn::parse_quote!(retry(backoff_coefficient = 0.5)),
            syn::parse_quote!(retry(backoff_coefficient = "2")),
            syn::parse_quote!(retry(initial_interval = 1)),
            syn::parse_quote!(retry(non_retryable = "CardDeclined")),
            syn::parse_quote!(retry(non_retryable = [CardDeclined])),
        ] {
            assert!(written(&bad).is_err(), "{}", bad.to_token_stream());
        }
    }
}
