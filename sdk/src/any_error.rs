//! [`Error`]: what a program's `main` returns.

use std::error::Error as StdError;
use std::fmt;

/// Any error, shown with what caused it; for a program's `main`.
///
/// It is made from every error by `?`, and where `main` returns it, the program ends with the
/// error and its causes, one below the other. Libraries return the errors of the single
/// operations instead, which say what a caller can act on.
///
/// # Examples
/// ```
/// fn read() -> Result<u32, outlast::Error> {
///     Ok("seven".parse()?)
/// }
/// assert_eq!(format!("{:?}", read().unwrap_err()), "invalid digit found in string");
/// ```
pub struct Error(Box<dyn StdError + Send + Sync>);

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl Error {
    /// The error as what it was.
    #[must_use]
    pub fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The error and its causes, as `main` shows them.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, "\n  caused by: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
