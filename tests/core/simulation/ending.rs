//! Reads answers and ends calls.

use std::rc::Rc;

use hfetch::call::Call;
use hfetch::call::account::Told;
use hfetch::call::failure::Cancelled;
use hfetch::call::settlement::End as Ended;
use hfetch::policy::ledger::Outcome;
use hfetch::unit::SteadyTime;
use hfetch::wire::model;

use super::heard::Heard;
use super::scenario::Reported;
use super::{Address, End, Request, World};

const CATALOGUE: &[u8] = br#"{"data":[{"id":"org/name","providers":[{"provider":"p","status":"live","pricing":{"input":1,"output":2}}]}]}"#;

/// The same for calls with a route: offers of several providers, of which one has no details.
const OFFERS: &[u8] = br#"{"data":[
  {"id":"org/name","providers":[{"provider":"p","status":"live","pricing":{"input":1,"output":2}},
    {"provider":"q","status":"live","pricing":{"input":3,"output":1}},{"provider":"r","status":"live"}]},
  {"id":"org/other","providers":[{"provider":"p","status":"live","pricing":{"input":2,"output":9}}]}]}"#;

impl World {
    /// Books what an answer used after it has been read.
    pub(super) fn read(&mut self, address: Address) {
        let flight = &mut self.flights[address.call];
        let request = &mut flight.requests[address.index];
        if std::mem::replace(&mut request.done, true) {
            return;
        }
        let usage = flight.plan.usage;
        self.account(address.call, address.index, usage);
        self.close_if_over(address.call);
    }

    fn account(&mut self, number: usize, index: usize, usage: Reported) {
        let now = self.now();
        let Some(call) = &self.flights[number].call else {
            return;
        };
        match usage {
            Reported::ByServer(prompt, completion) => {
                let told = Told {
                    prompt: Some(prompt as f64),
                    completion: Some(completion as f64),
                    ..Told::default()
                };
                assert!(call.took(index, told, None, now));
            }
            Reported::Delivered(completion) => call.delivered(index, completion, now),
            Reported::Never => {}
        }
        let effects = call.take_effects();
        self.judge.account(call, number, index, usage, now);
        self.obey_effects(effects);
    }

    /// One request has failed, so the call's other requests are of no use.
    pub(super) fn end_others(&mut self, number: usize) {
        if self.flights[number].cancelled {
            return;
        }
        for index in 0..self.flights[number].requests.len() {
            if self.flights[number].requests[index].end.is_none() {
                self.hand_in(number, index, Heard::Cancelled(Cancelled::Closed));
                return; // this request goes on with the next candidate
            }
        }
        for request in &mut self.flights[number].requests {
            request.done = true;
        }
        self.close_if_over(number);
    }

    pub(super) fn cancel(&mut self, number: usize, how: Option<Cancelled>) {
        let flight = &mut self.flights[number];
        if flight.closed || flight.call.is_none() {
            return;
        }
        flight.cancelled = true;
        for index in 0..flight.requests.len() {
            let request = &mut self.flights[number].requests[index];
            if request.end.is_none() {
                let Some(how) = how else {
                    (request.end, request.done) = (Some(End::Failed("closed")), true);
                    continue;
                };
                self.hand_in(number, index, Heard::Cancelled(how));
                // A timeout may follow.
                self.hand_in(number, index, Heard::Cancelled(Cancelled::Total));
            } else if !std::mem::replace(&mut self.flights[number].requests[index].done, true) {
                // Part of the answer arrived.
                let usage = match self.flights[number].plan.usage {
                    Reported::Never => Reported::Never,
                    _ => Reported::Delivered(3),
                };
                self.account(number, index, usage);
            }
        }
        self.close_if_over(number);
    }

    fn close_if_over(&mut self, number: usize) {
        let flight = &mut self.flights[number];
        let over = flight
            .requests
            .iter()
            .all(|request| request.done && request.end.is_some());
        if over && !std::mem::replace(&mut flight.closed, true) {
            flight.ended_at = self.time;
            self.close(number);
        }
    }

    /// Closes a call; if it waits for prices, it is asked again when they are there.
    fn close(&mut self, number: usize) {
        let now = self.now();
        let flight = &self.flights[number];
        let Some(call) = &flight.call else { return };
        let failed = |request: &Request| request.end != Some(End::Answer);
        let outcome = match flight.cancelled {
            true => Outcome::Aborted,
            false if flight.requests.iter().any(failed) => Outcome::Error,
            false => Outcome::Ok,
        };
        let end = Ended {
            outcome,
            finish_reason: None,
            first_token_at: None,
        };
        let settlement = call.close(&end, now);
        let effects = call.take_effects();
        self.judge
            .close(call, number, settlement.as_deref(), outcome, now);
        let waits = settlement.is_none() && call.kind.is_some();
        self.flights[number].settlement = settlement;
        self.obey_effects(effects);
        if waits && !self.prices_under_way {
            self.close(number);
        }
    }

    pub(super) fn prices_come(&mut self) {
        let now = self.now();
        self.prices_under_way = false;
        let clock = self.judge.clock_at(now);
        let catalogue = match self.judge.has_routes {
            true => OFFERS,
            false => CATALOGUE,
        };
        match self.scenario.prices {
            Some(_) => self.shared.prices.keep(
                Rc::new(model::parse(catalogue).expect("a catalogue")),
                SteadyTime(clock),
            ),
            None => self.shared.prices.miss(SteadyTime(clock)),
        }
        for number in 0..self.flights.len() {
            let flight = &self.flights[number];
            let settles = |call: &Call| call.kind.is_some();
            if flight.closed
                && flight.settlement.is_none()
                && flight.call.as_ref().is_some_and(settles)
            {
                self.close(number);
            }
            for index in 0..self.flights[number].requests.len() {
                if self.flights[number].requests[index].awaits_prices {
                    self.hand_in(number, index, Heard::Prices);
                }
            }
        }
    }
}
