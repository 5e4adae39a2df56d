//! A rate limiter as plain data, and how it is restored.

use serde::Serialize;

use super::{Limits, MOST_TOKENS, Open, RateLimiter};
use crate::error::Error;
use crate::json::Value;
use crate::policy::calendar::{LAST_TIME, month_of};
use crate::policy::period::Period;
use crate::policy::state;
use crate::policy::window::{MINUTE, Window};

/// A limiter as plain data, for [`RateLimiter::restore`]; the limits aren't part of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The steady time; older versions wrote no other time.
    now: f64,
    /// The wall clock, if it was set back.
    #[serde(skip_serializing_if = "Option::is_none")]
    wall: Option<f64>,
    left: f64,
    month_start: f64,
    requests_this_month: f64,
    /// The month that the clock has left: its last reading and its requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    month_left: Option<(f64, f64)>,
    blocked_until: f64,
    last_reservation: f64,
    settled: Vec<(f64, f64, f64)>,
    open: Vec<(f64, f64, f64)>,
}

impl RateLimiter {
    /// The state without open reservations; of the counts only those at these times.
    pub fn state_at(&self, times: &[f64]) -> State {
        let mut settled = Vec::new();
        for at in times {
            if let Some(bucket) = self.window.settled_at(*at) {
                settled.push(row(bucket));
            }
        }
        let (wall, steady) = (self.clock.wall(), self.clock.steady());
        let (left_at, requests) = self.month.left();
        State {
            now: steady,
            wall: (wall != steady).then_some(wall),
            left: self.window.left(),
            month_start: self.month.start(),
            requests_this_month: self.month.amount as f64,
            month_left: (left_at > 0.0).then_some((left_at, requests as f64)),
            blocked_until: self.blocked_until,
            last_reservation: self.last_id as f64,
            settled,
            open: Vec::new(),
        }
    }

    /// Until when anything in the limiter can matter, on the wall clock.
    pub fn matters_until(&self) -> f64 {
        let blocked = self.clock.to_wall(self.blocked_until);
        let minute = self.clock.wall() + MINUTE;
        self.month.end().max(blocked).max(minute)
    }

    /// The whole state, including open reservations.
    pub fn state(&self) -> State {
        let mut state = self.state_at(&[]);
        for settled in self.window.settled() {
            state.settled.push(row(settled));
        }
        for open in &self.open {
            state
                .open
                .push((open.id as f64, open.at, open.tokens as f64));
        }
        state
    }

    /// Restores a limiter from a state, which may have been damaged in storage; `path` names it in errors.
    pub fn restore(value: &Value, limits: Limits, path: &str) -> Result<Self, Error> {
        let state = state::Reader::new(value, path)?;
        let mut limiter = RateLimiter::new(limits);
        let now = state.time("now")?;
        let wall = state.wall()?.unwrap_or(now);
        limiter.clock = limiter.clock.restore(now, wall);
        let left = state.number("left", -1.0, now)?;
        let month = month_of(state.time("monthStart")?);
        let amount = state.count("requestsThisMonth")?;
        let month_left = match state.given("monthLeft") {
            None => (0.0, 0),
            Some(row) => state::row(row, |row| {
                Some((row.time(0, LAST_TIME)?, row.count(1, state::MOST)?))
            })
            .ok_or_else(|| state.broken("monthLeft"))?,
        };
        limiter.month = Period::new(month, wall, amount, month_left);
        limiter.blocked_until = state.time("blockedUntil")?;
        limiter.last_id = state.count("lastReservation")?;
        let mut settled = Vec::new();
        state.rows("settled", &mut |row| {
            let (requests, tokens) = (row.count(1, 1 << 40)?, row.count(2, 1 << 50)?);
            settled.push((row.time(0, now)?, requests, tokens));
            Some(())
        })?;
        let mut previous = 0;
        let (mut open, mut holds) = (Vec::new(), Vec::new());
        state.rows("open", &mut |row| {
            let id = row.count(0, limiter.last_id)?;
            let in_order = id > std::mem::replace(&mut previous, id);
            let (at, tokens) = (row.time(1, now)?, row.count(2, MOST_TOKENS)?);
            open.push(Open { id, at, tokens });
            holds.push((at, tokens));
            in_order.then_some(())
        })?;
        let window = Window::restore(left, &settled, &holds);
        limiter.window = window.ok_or_else(|| state.broken("settled"))?;
        limiter.open = open;
        Ok(limiter)
    }
}

fn row((at, requests, tokens): (f64, u64, u64)) -> (f64, f64, f64) {
    (at, requests as f64, tokens as f64)
}
