//! Where one request of a call stands, and what it remembers between two events.

use std::rc::Rc;

use super::Step;
use super::account::Admitted;
use super::admission::{Round, Turn};
use super::failure::Failure;
use super::head::Head;
use crate::unit::{Millis, SteadyTime};

/// By so much a pause between two attempts is longer than was asked for: a timer may fire up to a millisecond before the clock says
/// so, and a limit that rests until then would refuse.
pub(super) const LATE: Millis = Millis(1.0);

/// Where one request stands: what its driver is doing for it.
#[derive(Debug, Default)]
pub(super) enum State {
    /// Nothing has been asked of it yet.
    New,
    /// Waiting for live prices, without which a budget can hold nothing.
    AwaitingPrices,
    /// The key function has been asked.
    AskingKey,
    /// A given store has been asked.
    Reserving(Round),
    /// A given store has been asked for the call as a whole.
    ReservingWhole,
    /// Asleep in line.
    Waiting,
    /// Asleep between two attempts.
    Pausing,
    /// The request is out.
    Sending(Rc<Admitted>),
    /// An error's body is being read.
    ReadingError(Rc<Admitted>, Head),
    /// There is an answer, or a failure: nothing is left to do.
    #[default]
    Over,
    /// The call ended while a given store was asked: a reservation that still comes is given back.
    Owed,
}

/// One request on its way to an answer.
#[derive(Debug, Default)]
pub(super) struct Machine {
    /// Which of the call's requests this is.
    pub(super) index: usize,
    pub(super) state: State,
    /// Keys that have been sent, in order.
    pub(super) tried: Vec<usize>,
    /// The number of the attempt under way, from 1.
    pub(super) attempt: u32,
    /// The key that a function gave for this attempt.
    pub(super) given_key: Option<String>,
    /// A key of a function's that the server refused, and what the caller gets if the function gives it again.
    pub(super) refused_key: Option<(Option<String>, Box<Failure>)>,
    /// What the last attempt failed with.
    pub(super) last: Option<Box<Failure>>,
    /// Candidates that are asked if this one fails, the next one first, by their places.
    pub(super) queue: Vec<usize>,
    /// The place of the candidate that is asked.
    pub(super) candidate: usize,
    /// When it was first asked, by the clock that only passes.
    pub(super) began: SteadyTime,
    /// Candidates that failed in this round and may be asked again after so long, the soonest first.
    pub(super) again: Vec<(Millis, usize)>,
    /// How often every candidate has failed.
    pub(super) rounds: u32,
    /// Its wait for the limits.
    pub(super) turn: Option<Turn>,
    /// Whether it lets the call through as a whole, request by request, and sends nothing.
    pub(super) is_whole: bool,
}

impl Machine {
    /// A request that has not begun.
    pub(super) fn new(index: usize) -> Self {
        Machine {
            index,
            state: State::New,
            ..Machine::default()
        }
    }

    /// The call has been closed: whatever comes of the last step is too late, and a reservation is given back.
    pub(super) fn close(&mut self) {
        self.state = match self.state {
            State::Reserving(_) | State::ReservingWhole | State::Owed => State::Owed,
            _ => State::Over,
        };
    }

    /// What lets a call of several requests through as a whole.
    pub(super) fn of_whole() -> Self {
        Machine {
            is_whole: true,
            ..Machine::new(0)
        }
    }

    /// The end without an answer.
    pub(super) fn fail(&mut self, failure: Box<Failure>) -> Step {
        self.state = State::Over;
        Step::Fail(failure)
    }
}
