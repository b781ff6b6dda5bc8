//! Everything that the server leaves open, decided in one place.
//!
//! The protocol leaves much open: which id a run gets, which of two timers of one instant fires
//! first, which of two waiting workers is served. On a real server chance decides. Here, an
//! [`Oracle`] does, and nothing else: with the same oracle, the same calls give the same histories.
//!
//! There are two kinds of decisions, and each says where it is made and what it is about:
//!
//! ```text
//! draw(site, subject)        ──▶ a number, for an id or a jitter
//! pick(site, subject, count) ──▶ which of several possibilities comes next
//! ```
//!
//! What belongs to one subject does not depend on what others do, so that a change of one workflow
//! leaves the ids of all others as they were.
//!
//! # What may change places
//!
//! - Events of different runs at one instant, the actions of schedules among them. The timers of one
//!   run fire in the order of their creation, in one transaction. What becomes due at that instant
//!   only by such events comes after them.
//! - What runs do to each other, once it is under way: starts of children, signals, cancellations,
//!   the news of an end. A real server delivers these concurrently, and two signals from one
//!   workflow to another may well arrive the wrong way round.
//!   A task may go to its worker before such news, or after it.
//! - The tasks of a queue, the polls that wait for them, and the queues among each other.
//! - The workflows of a batch operation.
//!
//! Nothing else may: a run's successor opens with the end of the run, one transaction is never cut
//! in two, and the callbacks of a test happen in the order in which the test asked for them.

mod decisions;
mod hash;
mod remaining;
mod seeded;
mod site;
#[cfg(test)]
mod tests;

use std::fmt;

pub use self::seeded::{Order, Seeded};
pub use self::site::{Site, Subject};

pub(super) use self::decisions::Decisions;
pub(super) use self::hash::{draw, share};

/// Decides what the server leaves open.
///
/// [`Seeded`] is what a server uses unless it is told otherwise. An oracle of another kind, such as
/// one that repeats what another decided, usually has one of these for its draws.
///
/// It is asked in the middle of a call: it must not call the server itself, which would wait for it.
pub trait Oracle: fmt::Debug + Send {
    /// A number for the id, or the jitter, of one subject.
    ///
    /// It is a function: the same question has the same answer, however often it is asked, and
    /// whatever else was asked before. Numbers for different questions should look random.
    fn draw(&self, site: Site, subject: Subject<'_>) -> u64;

    /// Which of `count` possibilities comes next: an index below `count`, which is at least two.
    ///
    /// The possibilities are in the order in which they came up, so zero means first come, first
    /// served.
    ///
    /// # Panics
    /// An oracle may panic, and the server does if the index is not below `count`.
    fn pick(&mut self, site: Site, subject: Subject<'_>, count: usize) -> usize;

    /// Whether every pick is zero, so that the server need not ask.
    fn keeps_order(&self) -> bool {
        false
    }
}
