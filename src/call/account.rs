//! The account of one call: its open reservations, the tokens that it has used so far, and what its responses said about
//! themselves.
//!
//! Every field survives a trap in the middle of a step. The call can therefore be settled afterwards: nothing stays
//! reserved, and nothing is booked twice.

use std::cell::Cell;
use std::rc::Rc;

use super::charge::{Portion, add_portion};
use super::route::Candidate;
pub use super::told::Told;
use super::{Call, Effect};
use crate::held::Held;
use crate::policy::clock::Now;
use crate::policy::ledger::Tried;
use crate::trap::{self, Place};
use crate::unit::Usd;
use crate::wire::usage::Beside;

/// A request that the limits have let through and whose reservation is still open.
#[derive(Debug)]
pub struct Admitted {
    /// The request's index in the call.
    pub index: usize,
    /// The key's index in the pool.
    pub key: usize,
    /// The name that the store gave the reservation; `None` where nothing is limited.
    pub reservation: Option<String>,
    /// Whether the request has gone out.
    pub sent: Cell<bool>,
    /// Whether the caller gave up the answer, or the rest of it, before it arrived. Its model may have written all of it.
    pub unseen: Cell<bool>,
}

/// The known facts about a call so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// The key that was used last.
    pub key: Option<usize>,
    /// The request id in the last response.
    pub request_id: Option<String>,
    /// The provider that answered, where a header or the URL names it.
    pub provider: Option<String>,
    /// The candidate that was asked last; `None` without a route.
    pub candidate: Option<Rc<Candidate>>,
    /// Candidates that have failed, oldest first.
    pub tried: Vec<Tried>,
    /// HTTP status of the last response; 0 where no response came.
    pub status: u16,
    /// Tokens of the prompts of all requests.
    pub prompt_tokens: u64,
    /// Tokens of the completions of all requests.
    pub completion_tokens: u64,
    /// The total as the servers report it.
    pub total_tokens: u64,
    /// The figures that servers reported besides token counts: cost, cached tokens, reasoning tokens.
    pub beside: Beside,
    /// The same for the answer that is booked next.
    pub told_beside: Beside,
    /// Tokens whose cost no server reported.
    pub(super) unpriced: Vec<Portion>,
    /// Whether some of the counts are estimates.
    pub estimated: bool,
    /// Whether some of the counts were reported by a server.
    pub reported: bool,
    /// The name of a reported count that can't be right.
    pub doubt: Option<&'static str>,
}

/// The books of one call.
#[derive(Debug, Default)]
pub struct Account {
    open: Held<Vec<Rc<Admitted>>>,
    /// The known facts about the call so far.
    pub progress: Held<Progress>,
    /// How many requests have been sent.
    pub attempts: Cell<u32>,
}

impl Account {
    /// An account with room for one reservation per request. The room is allocated here because a later allocation could fail for
    /// want of memory.
    pub fn for_requests(count: usize) -> Self {
        Account {
            open: Held::new(Vec::with_capacity(count)),
            ..Account::default()
        }
    }

    /// Adds the reservation of a request that the limits have let through.
    pub fn open(&self, admitted: Admitted) -> Rc<Admitted> {
        let admitted = Rc::new(admitted);
        let open = admitted.clone();
        self.open.get(|list| list.push(open));
        admitted
    }

    /// Any request whose reservation is open.
    pub fn first_open(&self) -> Option<Rc<Admitted>> {
        self.open.get(|list| list.first().cloned())
    }

    /// Marks every open request: its server may have written more of the answer than the reader took.
    pub fn is_unread(&self) {
        self.open
            .get(|list| list.iter().for_each(|open| open.unseen.set(true)));
    }

    /// The open reservation of request `index`.
    pub fn find(&self, index: usize) -> Option<Rc<Admitted>> {
        self.open
            .get(|list| list.iter().find(|open| open.index == index).cloned())
    }

    /// The reservation of request `index`, if its first attempt is still to come.
    pub fn waiting(&self, index: usize) -> Option<Rc<Admitted>> {
        let waits = |open: &&Rc<Admitted>| open.index == index && !open.sent.get();
        self.open.get(|list| list.iter().find(waits).cloned())
    }

    /// The names of all open reservations.
    fn reservations(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.open.get(|list| {
            for open in list {
                if let Some(name) = &open.reservation {
                    names.push(name.clone());
                }
            }
        });
        names
    }

    /// Removes a reservation. The store is told first, so that a trap in between leaves the reservation open.
    fn close(&self, admitted: &Rc<Admitted>) {
        self.open.get(|list| {
            let place = list.iter().position(|open| Rc::ptr_eq(open, admitted));
            place.map(|place| list.remove(place))
        });
    }
}

impl Call {
    /// Books what request `index` used, after it has ended. `told` is what its server reported.
    ///
    /// `delivered` is an estimate of the completion. It is given when the stream's end was not seen or when the server reported
    /// no usable count; the larger of the estimate and the report is then booked. With `None` only the report is booked; if the
    /// report is incomplete or can't be right, nothing is booked and the result is `false`.
    pub fn took(
        &self,
        index: usize,
        told: Told,
        delivered: Option<u64>,
        now: impl Into<Now>,
    ) -> bool {
        let now = self.read_clock(now);
        let Some(request) = self.requests.get(index) else {
            return true;
        };
        let doubt = told.doubt(&request.ask);
        // `as` saturates: a count beyond u64 becomes the largest u64.
        let count = |told: Option<f64>| told.map(|count| count as u64).filter(|_| doubt.is_none());
        let (prompt, completion) = told.counts();
        // A count of 0 for a prompt or a text that exists means that the server didn't count.
        let counted = |told, any: bool| count(told).filter(|count| *count > 0 || !any);
        let told_prompt = counted(prompt, request.ask.prompt_tokens > 0);
        let told_completion = counted(completion, told.said > 0);
        let mut prompt = told_prompt.unwrap_or(0);
        let mut completion = told_completion.unwrap_or(0);
        let mut is_told = told_prompt.is_some() && told_completion.is_some();
        if let Some(delivered) = delivered {
            let (least_prompt, told) = (request.ask.prompt_tokens, (prompt, completion));
            (prompt, completion) = (prompt.max(least_prompt), completion.max(delivered));
            is_told &= told == (prompt, completion);
        } else if !is_told {
            return false;
        }
        let total = told.total.filter(|_| is_told).map(|total| total as u64);
        if doubt.is_some() {
            self.account.progress.get(|progress| progress.doubt = doubt);
        }
        self.count(index, prompt, completion, total, !is_told, now);
        true
    }

    /// Books request `index`, for which no usage was reported, with an estimate of the completion's tokens.
    pub fn delivered(&self, index: usize, completion: u64, now: impl Into<Now>) {
        self.took(index, Told::default(), Some(completion), now);
    }

    /// Takes a reading of the clocks and returns it as `Now`.
    pub(super) fn read_clock(&self, now: impl Into<Now>) -> Now {
        let now = now.into();
        self.shared.read_clock(now);
        now
    }

    /// Books a request that was sent and never answered: its prompt counts. For a call without a stream nothing shows how much its
    /// model had written, so the reserved amount counts there.
    pub(super) fn sent_in_vain(&self, admitted: &Rc<Admitted>, now: Now) {
        if !self.stream && !self.answered.get() {
            admitted.unseen.set(true);
        }
        self.delivered(admitted.index, 0, now);
    }

    /// Books a request's usage on its key, in the limits and in the call's sum.
    fn count(
        &self,
        index: usize,
        prompt: u64,
        completion: u64,
        total: Option<u64>,
        estimated: bool,
        now: Now,
    ) {
        let Some(admitted) = self.account.find(index) else {
            return;
        };
        let told = |progress: &mut Progress| std::mem::take(&mut progress.told_beside);
        let beside = self.account.progress.get(told);
        self.end_reservation(&admitted, prompt, completion, beside.usd, now);
        let portion = self.portion(index, prompt, completion);
        let total = total.unwrap_or(prompt.saturating_add(completion));
        self.account.progress.get(|progress| {
            progress.prompt_tokens = progress.prompt_tokens.saturating_add(prompt);
            progress.completion_tokens = progress.completion_tokens.saturating_add(completion);
            progress.total_tokens = progress.total_tokens.saturating_add(total);
            progress.beside = progress.beside.plus(beside);
            if beside.usd.is_none() {
                add_portion(&mut progress.unpriced, portion);
            }
            progress.estimated |= estimated;
            progress.reported |= !estimated;
        });
    }

    /// Keeps what a server reported besides its counts, for the answer that is booked next.
    pub fn told_beside(&self, beside: Beside) {
        self.account
            .progress
            .get(|progress| progress.told_beside = beside);
    }

    /// Ends a request's reservation with what was used.
    pub(super) fn book(&self, admitted: &Rc<Admitted>, prompt: u64, completion: u64, now: Now) {
        self.end_reservation(admitted, prompt, completion, None, now);
    }

    /// Ends a request's reservation; a cost that the server reported wins over the price list.
    fn end_reservation(
        &self,
        admitted: &Rc<Admitted>,
        prompt: u64,
        completion: u64,
        told_usd: Option<Usd>,
        now: Now,
    ) {
        trap::here(Place::Book);
        let tokens = prompt.saturating_add(completion);
        if let Some(name) = &admitted.reservation {
            let usd = || self.usd_to_book(&self.portion(admitted.index, prompt, completion));
            let (mut tokens, mut usd) = (tokens, told_usd.unwrap_or_else(usd));
            if admitted.unseen.get() {
                self.take_reserved(admitted, &mut tokens, &mut usd);
            }
            self.settle(name, tokens, usd, now);
        }
        self.account.close(admitted);
        self.shared
            .pool(|pool| pool.settled(admitted.key, tokens, now));
        self.freed();
    }

    /// Tells the store what the request of a reservation used.
    fn settle(&self, reservation: &str, tokens: u64, usd: Usd, now: Now) {
        let told = self
            .shared
            .memory(|store| store.settle(reservation, tokens, usd, now));
        if told.is_none() {
            self.effect(Effect::Settle {
                reservation: reservation.to_string(),
                tokens: tokens as f64,
                usd,
                now: now.wall,
            });
        }
    }

    /// Keeps the reservation of a call that was let through as a whole.
    pub(super) fn open_whole(&self, reservation: String) {
        self.whole.get(|whole| *whole = Some(reservation));
    }

    /// Ends the reservation of the call as a whole with what all of it used.
    pub(super) fn close_whole(&self, now: Now) {
        let Some(whole) = self.whole.get(Option::take) else {
            return;
        };
        if self.account.attempts.get() == 0 {
            self.give_back(&whole);
        } else {
            // Nothing in here may ask for the progress again: it is out of its place, and a trap would lose it.
            let (tokens, usd) = self.account.progress.get(|used| {
                let tokens = used.prompt_tokens.saturating_add(used.completion_tokens);
                let reported = used.beside.usd.unwrap_or_default();
                let priced = used
                    .unpriced
                    .iter()
                    .map(|portion| self.usd_to_book(portion));
                (tokens, priced.sum::<Usd>() + reported)
            });
            self.settle(&whole, tokens, usd, now);
        }
        self.freed();
    }

    /// Renews every reservation of the call, so that the store doesn't take it for lost.
    pub(super) fn renew(&self, now: Now) {
        let mut names = self.account.reservations();
        if let Some(whole) = self.whole.get(|whole| whole.clone()) {
            names.push(whole);
        }
        for reservation in names {
            let told = self.shared.memory(|store| store.renew(&reservation, now));
            if told.is_none() {
                self.effect(Effect::Renew {
                    reservation,
                    now: now.wall,
                });
            }
        }
    }

    /// Ends the reservation of a request that was never sent.
    pub(super) fn release(&self, admitted: &Rc<Admitted>) {
        if let Some(name) = &admitted.reservation {
            self.give_back(name);
        }
        self.account.close(admitted);
        self.freed();
    }

    /// Takes a reservation back from the store, as if it had never been made.
    pub(super) fn give_back(&self, reservation: &str) {
        if self
            .shared
            .memory(|store| store.release(reservation))
            .is_none()
        {
            self.effect(Effect::Release {
                reservation: reservation.to_string(),
            });
        }
    }

    /// Wakes the first call in line, since a reservation has ended. A limit store of the caller's has to be told first: then the
    /// driver wakes the line, once the store has answered.
    fn freed(&self) {
        if self.shared.host.has_store {
            return;
        }
        if let Some(waiter) = self.shared.line.wake_first() {
            self.effect(Effect::Wake { waiter });
        }
    }

    /// The estimated tokens of a request's prompt.
    pub fn prompt_tokens(&self, index: usize) -> u64 {
        let request = self.requests.get(index);
        request.map_or(0, |request| request.ask.prompt_tokens)
    }
}
