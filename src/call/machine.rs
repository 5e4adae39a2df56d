//! The state of one request of a call, and what the request remembers between two events.

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

/// The state of one request: what its driver is doing for it now.
#[derive(Debug, Default)]
pub(super) enum State {
    /// The request has not begun.
    New,
    /// The driver waits for live prices: a budget can't reserve anything without them.
    AwaitingPrices,
    /// The driver asks the key function.
    AskingKey,
    /// The driver asks the caller's limit store.
    Reserving(Box<Round>),
    /// The driver asks the caller's limit store for the call as a whole.
    ReservingWhole,
    /// The request sleeps in line.
    Waiting,
    /// The request sleeps between two attempts.
    Pausing,
    /// The request has been sent, and no response has come yet.
    Sending(Rc<Admitted>),
    /// The driver reads the body of an error.
    ReadingError(Rc<Admitted>, Head),
    /// The request has its answer or its failure.
    #[default]
    Over,
    /// The call ended while the caller's store was asked. If the store still reserves, the reservation is given back.
    Owed,
}

/// One request on its way to an answer.
#[derive(Debug, Default)]
pub(super) struct Machine {
    /// The request's index in the call.
    pub(super) index: usize,
    pub(super) state: State,
    /// Keys that were used, in order.
    pub(super) tried: Vec<usize>,
    /// The number of the current attempt, from 1.
    pub(super) attempt: u32,
    /// The key that the key function returned for this attempt.
    pub(super) given_key: Option<String>,
    /// A key of the key function that the server refused. If the function returns it again, the last failure is reported.
    pub(super) refused_key: Option<String>,
    /// The failure of the last attempt.
    pub(super) last: Option<Box<Failure>>,
    /// Indices of the candidates to ask if this one fails, the next one first.
    pub(super) queue: Vec<usize>,
    /// The index of the current candidate.
    pub(super) candidate: usize,
    /// When the current candidate was first asked, on the steady clock.
    pub(super) began: SteadyTime,
    /// Candidates that failed in this round and may be asked again after so long, the soonest first.
    pub(super) again: Vec<(Millis, usize)>,
    /// How many times all candidates have failed.
    pub(super) rounds: u32,
    /// The request's wait for the limits.
    pub(super) turn: Option<Turn>,
    /// Whether this machine only lets a call of several requests through as a whole, and sends nothing.
    pub(super) is_whole: bool,
}

impl Machine {
    /// The machine of a request that has not begun, or the one that lets a call of several requests through as a whole.
    pub(super) fn new(index: usize, is_whole: bool) -> Box<Self> {
        Box::new(Machine {
            index,
            state: State::New,
            is_whole,
            ..Machine::default()
        })
    }

    /// Ends the request because the call was closed. A result that still comes is too late; a reservation that still comes is given
    /// back.
    pub(super) fn close(&mut self) {
        self.state = match self.state {
            State::Reserving(_) | State::ReservingWhole | State::Owed => State::Owed,
            _ => State::Over,
        };
    }

    /// Ends the request with a failure.
    pub(super) fn fail(&mut self, failure: Box<Failure>) -> Step {
        self.state = State::Over;
        Step::Fail(failure)
    }
}
