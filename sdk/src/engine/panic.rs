//! Panics in user code become values.
//!
//! A hook chained before the application's own keeps the message and the place of a panic that
//! happens while workflow code runs, and keeps it out of the program's error output. All other
//! panics go on to the application's hook.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::failure::Failure;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<Panicked>> = const { RefCell::new(None) };
}

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panicked {
    message: String,
    place: Option<String>,
}

/// Runs user code; a panic in it is the error.
pub(crate) fn guard<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    install_hook();
    let outer = IS_GUARDED.replace(true);
    // What the code left half done is not looked at again: the run is dropped.
    let result = catch_unwind(AssertUnwindSafe(run));
    IS_GUARDED.set(outer);
    result.map_err(|payload| {
        let noted = LAST.with_borrow_mut(Option::take);
        noted.unwrap_or_else(|| Panicked {
            message: message_of(&*payload),
            place: None,
        })
    })
}

fn install_hook() {
    static INSTALLED: Once = Once::new();
    if std::thread::panicking() {
        // A run is dropped by a panic that has nothing to do with it. The hook cannot be set
        // now, and trying would end the process.
        return;
    }
    INSTALLED.call_once(|| {
        let next = take_hook();
        set_hook(Box::new(move |info| {
            if !IS_GUARDED.get() {
                return next(info);
            }
            let panicked = Panicked {
                message: message_of(info.payload()),
                place: info.location().map(ToString::to_string),
            };
            LAST.with_borrow_mut(|last| *last = Some(panicked));
        }));
    });
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

impl Panicked {
    /// What to do about it, where we know.
    fn hint(&self) -> Option<&'static str> {
        let needs_runtime =
            self.message.contains("no reactor running") || self.message.contains("Tokio");
        needs_runtime.then_some(
            "workflow code runs without a tokio runtime, because what it waits for must come \
             from history: use `ctx.sleep` for a timer, `ctx.activity` for I/O, and \
             `outlast::join!` or `outlast::select!` to wait for several things",
        )
    }

    pub(crate) fn into_failure(self) -> Failure {
        let mut failure = Failure::application("Panic", self.to_string());
        failure.parts_mut().stack_trace = self.place.unwrap_or_default();
        failure
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(place) = &self.place {
            write!(f, " (at {place})")?;
        }
        match self.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_message_and_place() {
        let panicked = guard(|| panic!("boom {}", 7)).unwrap_err();
        assert_eq!(panicked.message, "boom 7");
        assert!(
            panicked
                .place
                .as_deref()
                .is_some_and(|place| place.contains("panic.rs"))
        );
    }

    #[test]
    fn a_call_that_needs_tokio_is_told_what_to_use() {
        let panicked = guard(|| drop(tokio::time::sleep(std::time::Duration::ZERO))).unwrap_err();
        let text = panicked.to_string();
        assert!(
            text.contains("panic.rs") && text.contains("use `ctx.sleep`"),
            "{text}"
        );
    }
}
