//! Does what a step or an effect says, like the real driver.

use hfetch::call::{Call, Effect, Lost, NoKey, Step};
use hfetch::policy::limit_store::Part;

use super::heard::{self, Heard};
use super::scenario::{KeyAnswer, Met, Reply, StoreAnswer};
use super::{Address, End, Task, World};

/// How long it takes to tell the caller's store something, in ms.
const TELLING: u64 = 2;

/// The errors that Node's fetch throws if a connection breaks, and if its own limit for the headers is over.
const LOST: &str = "TypeError\nSocketError\nUND_ERR_SOCKET";
pub const RUNTIME_LIMIT: &str = "TypeError\nHeadersTimeoutError\nUND_ERR_HEADERS_TIMEOUT";

impl World {
    pub(super) fn obey(&mut self, call: usize, index: usize, step: Step) {
        if matches!(step, Step::Nothing) {
            return;
        }
        let flight = &mut self.flights[call];
        let count = |call: &Call| call.requests.len();
        let is_whole = flight.call.as_ref().map(count) == Some(index);
        let words = match step {
            Step::Deliver if is_whole => Some("let through".to_string()),
            _ => heard::words(&step, &self.shared),
        };
        flight.story.extend(words);
        flight.times.resize(flight.story.len(), self.time);
        let request = &mut flight.requests[index];
        request.serial += 1;
        request.waiter = None;
        request.awaits_prices = false;
        let address = Address {
            call,
            index,
            serial: request.serial,
        };
        match step {
            Step::AwaitPrices => request.awaits_prices = true,
            Step::AskKey { patience } => self.ask_key(address, patience.0),
            Step::Reserve { parts } => {
                request.asks_store = Some(request.serial);
                self.ask_store(address, parts);
            }
            Step::Sleep { ms, waiter } => {
                request.waiter = waiter;
                // A timer cuts off fractions, so it may fire before the wall clock reaches the time.
                self.schedule(ms.0 as u64, Task::Come(address, Heard::Woken));
            }
            Step::Send { .. } => self.send(address),
            Step::ReadError { patience } => self.read_error(address, patience.0),
            Step::Deliver if is_whole => {
                (request.end, request.done) = (Some(End::Answer), true);
                self.begin_requests(call);
            }
            Step::Deliver => {
                request.end = Some(End::Answer);
                let reads_for = flight.plan.reads_for;
                self.schedule(reads_for, Task::Read(address));
            }
            Step::Fail(failure) => {
                request.end = Some(End::Failed(failure.error.class.name()));
                request.done = true;
                flight.failure.get_or_insert(failure);
                self.end_others(call);
            }
            Step::Nothing => {}
        }
    }

    fn ask_key(&mut self, address: Address, patience: f64) {
        let answers = &self.scenario.key_function;
        let answer = &answers[self.asked_key.min(answers.len() - 1)];
        let (after, heard) = match *answer {
            KeyAnswer::Gives(key) => (0, Heard::Key(key.to_string())),
            KeyAnswer::Late(after, key) => (after, Heard::Key(key.to_string())),
            KeyAnswer::GivesNoText => (0, Heard::NoKey(NoKey::NoString)),
            KeyAnswer::GivesResponse => (0, Heard::NoKey(NoKey::Response)),
            KeyAnswer::Throws => (0, Heard::NoKey(NoKey::Failed)),
            KeyAnswer::Hangs => (patience as u64, Heard::NoKey(NoKey::TimedOut)),
        };
        self.asked_key += 1;
        self.schedule(after, Task::Come(address, heard));
    }

    fn ask_store(&mut self, address: Address, parts: Vec<Part>) {
        let store = self.store.as_mut().expect("a given store");
        match store.next_answer() {
            StoreAnswer::Hangs => {}
            StoreAnswer::Throws => self.schedule(0, Task::Come(address, Heard::StoreFailed)),
            StoreAnswer::Late(ms) => {
                let how = StoreAnswer::Late(ms);
                self.schedule(ms / 2, Task::Decide(address, parts, how, ms - ms / 2));
            }
            how => self.schedule(0, Task::Decide(address, parts, how, 0)),
        }
    }

    pub(super) fn decide(
        &mut self,
        address: Address,
        parts: &[Part],
        how: StoreAnswer,
        after: u64,
    ) {
        let now = self.now().wall;
        let store = self.store.as_mut().expect("a given store");
        let answer = store.reserve(how, parts, now.0);
        if how == StoreAnswer::Twice {
            self.schedule(
                after + 1,
                Task::Come(address, Heard::Reserved(answer.clone())),
            );
        }
        self.schedule(after, Task::Come(address, Heard::Reserved(answer)));
    }

    fn send(&mut self, address: Address) {
        let flight = &mut self.flights[address.call];
        let scripted = flight.plan.replies.get(flight.sends);
        let reply = scripted.cloned().unwrap_or(Reply::from(200));
        flight.sends += 1;
        flight.requests[address.index].body = reply.body;
        let heard = match reply.what {
            Met::Lost => Heard::Lost(Lost::Connection(LOST)),
            Met::RuntimeLimit => Heard::Lost(Lost::Connection(RUNTIME_LIMIT)),
            Met::Silence => Heard::Lost(Lost::TimedOut),
            Met::Status(_) => Heard::Head(reply.clone()),
        };
        self.schedule(reply.after, Task::Come(address, heard));
    }

    fn read_error(&mut self, address: Address, patience: f64) {
        assert!(patience <= 5_000.0);
        let body = self.flights[address.call].requests[address.index].body;
        self.schedule(1, Task::Come(address, Heard::ErrorBody(body)));
    }

    pub(super) fn obey_effects(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Wake { waiter } => self.wake(waiter),
                effect => self.schedule(TELLING, Task::Tell(effect)),
            }
        }
    }

    pub(super) fn tell(&mut self, effect: &Effect) {
        let store = self.store.as_mut().expect("a given store");
        if store.told(effect)
            && let Some(waiter) = self.shared.line.wake_first()
        {
            self.wake(waiter);
        }
    }

    /// Ends a waiter's sleep, if it is asleep.
    fn wake(&mut self, waiter: u64) {
        assert!(!self.scenario.workerd, "no call can be woken in workerd");
        for (call, flight) in self.flights.iter().enumerate() {
            let mut requests = flight.requests.iter();
            if let Some(index) = requests.position(|request| request.waiter == Some(waiter)) {
                let serial = flight.requests[index].serial;
                let address = Address {
                    call,
                    index,
                    serial,
                };
                self.schedule(0, Task::Come(address, Heard::Woken));
                return;
            }
        }
    }
}
