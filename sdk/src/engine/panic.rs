//! Panics in user code become values.
//!
//! A hook chained before the application's own keeps the message and the place of a panic that
//! happens while workflow code runs, and keeps it out of the program's error output. All other
//! panics go on to the application's hook.

use std::any::Any;
use std::backtrace::Backtrace;
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
            let mut panicked = Panicked {
                message: message_of(info.payload()),
                place: info.location().map(ToString::to_string),
            };
            // An `async fn` of tokio panics in tokio's own file.
            if panicked.place.as_deref().is_some_and(is_in_tokio) {
                let trace = Backtrace::force_capture().to_string();
                panicked.place = caller_of_tokio(&trace).or(panicked.place);
            }
            LAST.with_borrow_mut(|last| *last = Some(panicked));
        }));
    });
}

/// Where the code is that called tokio: the first frame above tokio's that is in nobody's
/// library, if the program knows its lines.
fn caller_of_tokio(trace: &str) -> Option<String> {
    // A frame is a line with its name and, where that is known, another with its place.
    let lines: Vec<_> = trace.lines().map(str::trim).collect();
    let places = lines.windows(2).filter_map(|window| {
        let name = window[0].split_once(": ")?.1;
        Some((name, window[1].strip_prefix("at ")?))
    });
    let is_of_tokio = |(name, place): &(&str, &str)| is_named(name, "tokio") || is_in_tokio(place);
    let is_of_std = |(name, place): &(&str, &str)| {
        place.starts_with("/rustc/") || ["alloc", "core", "std"].iter().any(|of| is_named(name, of))
    };
    let (_, place) = places
        .skip_while(|frame| !is_of_tokio(frame))
        .find(|frame| !is_of_tokio(frame) && !is_of_std(frame))?;
    Some(place.trim_start_matches("./").to_owned())
}

/// Whether a function belongs to a crate: `tokio::spawn`, or `<tokio::X as Y>::z`.
fn is_named(function: &str, krate: &str) -> bool {
    let rest = function.trim_start_matches('<').strip_prefix(krate);
    rest.is_some_and(|rest| rest.starts_with("::"))
}

fn is_in_tokio(place: &str) -> bool {
    let mut folders = place.split(['/', '\\']);
    folders.any(|folder| folder == "tokio" || folder.starts_with("tokio-"))
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
        self.needs_runtime().then_some(
            "workflow code runs without a tokio runtime, because what it waits for must come \
             from history: use `ctx.sleep` for a timer, `ctx.activity` for I/O, and \
             `outlast::join!` or `outlast::select!` to wait for several things",
        )
    }

    fn needs_runtime(&self) -> bool {
        self.message.contains("no reactor running") || self.message.contains("Tokio")
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
    fn the_caller_of_tokio_is_the_first_frame_that_is_the_users() {
        let trace = "\
   3: core::panicking::panic_fmt
             at /rustc/library/core/src/panicking.rs:80:14
   4: spawn_inner<()>
             at /registry/tokio-1.54.1/src/task/spawn.rs:183:13
   5: <tokio::net::TcpStream as core::convert::From<X>>::from
   6: tokio::net::tcp::stream::TcpStream::connect::{{closure}}
             at /registry/elsewhere/stream.rs:149:1
   7: poll<P>
             at /rustc/library/core/src/future/future.rs:133:9
   8: orders::ship::{{closure}}
             at ./src/ship.rs:12:44
   9: outlast::engine::executor::poll
";
        assert_eq!(caller_of_tokio(trace).as_deref(), Some("src/ship.rs:12:44"));
        let without_lines = trace.replace("             at ./src/ship.rs:12:44\n", "");
        assert_eq!(caller_of_tokio(&without_lines), None);
        assert_eq!(caller_of_tokio(""), None);
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
