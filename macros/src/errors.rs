//! [`Errors`]: mistakes, collected so that all of them are shown at once.

use std::fmt::Display;

use quote::ToTokens;
use syn::{Error, Result};

/// The mistakes found so far, each on the token that caused it.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    /// Adds a mistake that `tokens` make.
    pub(crate) fn at(&mut self, tokens: &impl ToTokens, message: impl Display) {
        self.push(Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// The value, if there is one; else its mistakes are added.
    pub(crate) fn take<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// All mistakes, of which there must be one.
    pub(crate) fn into_error(self) -> Error {
        self.0
            .unwrap_or_else(|| unreachable!("the caller added a mistake"))
    }

    /// The value, if there were no mistakes at all.
    pub(crate) fn check<T>(self, value: T) -> Result<T> {
        match self.0 {
            Some(error) => Err(error),
            None => Ok(value),
        }
    }
}
