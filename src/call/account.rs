//! What a call holds and has used: open reservations, tokens so far, and what its responses said of themselves.
//!
//! Everything here survives a trap in the middle of a step, so that a call can be settled afterwards: nothing stays
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

/// A request that the limits have let through and that is not accounted for yet.
#[derive(Debug)]
pub struct Admitted {
    /// Which of the call's requests.
    pub index: usize,
    /// Index of its key in the pool.
    pub key: usize,
    /// The store's name of the reservation; none where nothing is limited.
    pub reservation: Option<String>,
    /// Whether the request has gone out.
    pub sent: Cell<bool>,
    /// Whether its answer, or more of it than came, was given up unseen, which its model may have written all the same.
    pub unseen: Cell<bool>,
}

/// What is known of a call so far.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The key that was sent last.
    pub key: Option<usize>,
    /// The server's id of the last response.
    pub request_id: Option<String>,
    /// The provider that answered, where a header or the URL tells it.
    pub provider: Option<String>,
    /// The candidate that was asked last; none without a route.
    pub candidate: Option<Candidate>,
    /// Candidates that have failed, oldest first.
    pub tried: Vec<Tried>,
    /// Status of the last response; 0 where there was none.
    pub status: u16,
    /// Tokens of all prompts.
    pub prompt_tokens: u64,
    /// Tokens of all completions.
    pub completion_tokens: u64,
    /// Tokens in all, as the server adds them up.
    pub total_tokens: u64,
    /// What servers told beside their counts: costs, cached and reasoning tokens.
    pub beside: Beside,
    /// The same of the answer that is about to be booked.
    pub told_beside: Beside,
    /// Tokens whose cost no server told.
    pub(super) unpriced: Vec<Portion>,
    /// Whether some of the tokens are estimates.
    pub estimated: bool,
    /// Whether some of the tokens were reported.
    pub reported: bool,
    /// Which of the counts that a server told can't be right.
    pub doubt: Option<&'static str>,
}

/// The books of one call.
#[derive(Debug, Default)]
pub struct Account {
    open: Held<Vec<Rc<Admitted>>>,
    /// What is known of the call so far.
    pub progress: Held<Progress>,
    /// Requests that have gone out.
    pub attempts: Cell<u32>,
}

impl Account {
    /// Room for one reservation a request, so that none is added where memory may be wanting.
    pub fn for_requests(count: usize) -> Self {
        Account {
            open: Held::new(Vec::with_capacity(count)),
            ..Account::default()
        }
    }

    /// A request has been let through.
    pub fn open(&self, admitted: Admitted) -> Rc<Admitted> {
        let admitted = Rc::new(admitted);
        let open = admitted.clone();
        self.open.get(|list| list.push(open));
        admitted
    }

    /// Any request that is open.
    pub fn first_open(&self) -> Option<Rc<Admitted>> {
        self.open.get(|list| list.first().cloned())
    }

    /// More of the answer is under way than was read.
    pub fn is_unread(&self) {
        self.open
            .get(|list| list.iter().for_each(|open| open.unseen.set(true)));
    }

    /// The open request with this index.
    pub fn find(&self, index: usize) -> Option<Rc<Admitted>> {
        self.open
            .get(|list| list.iter().find(|open| open.index == index).cloned())
    }

    /// A request that has been let through and waits for its first attempt.
    pub fn waiting(&self, index: usize) -> Option<Rc<Admitted>> {
        let waits = |open: &&Rc<Admitted>| open.index == index && !open.sent.get();
        self.open.get(|list| list.iter().find(waits).cloned())
    }

    /// The names of what is reserved.
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

    /// The store has been told: before that, a trap must leave the request open.
    fn close(&self, admitted: &Rc<Admitted>) {
        self.open.get(|list| {
            let place = list.iter().position(|open| Rc::ptr_eq(open, admitted));
            place.map(|place| list.remove(place))
        });
    }
}

impl Call {
    /// Request `index` has ended, of which its server told this. `delivered` is the estimate of what came, for an answer whose end
    /// was not seen or that was not counted: then the larger of both is booked. Without it what was told is booked alone,
    /// and where it is not all there, or can't be right, nothing is: false.
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
        // `as` saturates.
        let count = |told: Option<f64>| told.map(|count| count as u64).filter(|_| doubt.is_none());
        let (prompt, completion) = told.counts();
        // Of what was sent, or came, there is no count of nothing: the server has not counted.
        let counted = |told, any: bool| count(told).filter(|count| *count > 0 || !any);
        let known = (
            counted(prompt, request.ask.prompt_tokens > 0),
            counted(completion, told.said > 0),
        );
        let (prompt, completion) = match (known, delivered) {
            ((Some(prompt), Some(completion)), None) => (prompt, completion),
            (_, None) => return false,
            ((prompt, completion), Some(delivered)) => (
                prompt.unwrap_or(0).max(request.ask.prompt_tokens),
                completion.unwrap_or(0).max(delivered),
            ),
        };
        let is_told = known == (Some(prompt), Some(completion));
        let total = told.total.filter(|_| is_told).map(|total| total as u64);
        if doubt.is_some() {
            self.account.progress.get(|progress| progress.doubt = doubt);
        }
        self.count(index, prompt, completion, total, !is_told, now);
        true
    }

    /// Request `index` has ended without reported usage, after about so many tokens of an answer.
    pub fn delivered(&self, index: usize, completion: u64, now: impl Into<Now>) {
        self.took(index, Told::default(), Some(completion), now);
    }

    /// Takes a reading of the clocks, and gives it on.
    pub(super) fn read_clock(&self, now: impl Into<Now>) -> Now {
        let now = now.into();
        self.shared.read_clock(now);
        now
    }

    /// A request was sent and never answered: its prompt counts. Of a whole answer nothing shows how far its model has come.
    pub(super) fn sent_in_vain(&self, admitted: &Rc<Admitted>, now: Now) {
        if !self.stream && !self.answered.get() {
            admitted.unseen.set(true);
        }
        self.delivered(admitted.index, 0, now);
    }

    /// Books a request's usage on the key that was sent, in the limits and in the call's sum.
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

    /// What the server of the answer that is booked next told beside its counts.
    pub fn told_beside(&self, beside: Beside) {
        self.account
            .progress
            .get(|progress| progress.told_beside = beside);
    }

    /// Ends a request's reservation with what was used.
    pub(super) fn book(&self, admitted: &Rc<Admitted>, prompt: u64, completion: u64, now: Now) {
        self.end_reservation(admitted, prompt, completion, None, now);
    }

    /// The same, at the cost that the server told, if it did.
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

    /// Tells the store what a reservation's request took.
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

    /// The call as a whole has been let through.
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
            let used = self.account.progress.get(|progress| progress.clone());
            let tokens = used.prompt_tokens.saturating_add(used.completion_tokens);
            let priced = used
                .unpriced
                .iter()
                .map(|portion| self.usd_to_book(portion));
            let usd = priced.sum::<Usd>() + used.beside.usd.unwrap_or_default();
            self.settle(&whole, tokens, usd, now);
        }
        self.freed();
    }

    /// Gives word of all that is reserved for the call, so that none of it is taken for lost.
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

    /// Ends a reservation of which nothing was sent.
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

    /// Something is free again. A given store is told first: the driver says so once it has heard.
    fn freed(&self) {
        if self.shared.host.has_store {
            return;
        }
        if let Some(waiter) = self.shared.line.wake_first() {
            self.effect(Effect::Wake { waiter });
        }
    }

    /// The estimate of a request's prompt.
    pub fn prompt_tokens(&self, index: usize) -> u64 {
        let request = self.requests.get(index);
        request.map_or(0, |request| request.ask.prompt_tokens)
    }
}
