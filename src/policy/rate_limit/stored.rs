//! A rate limiter as plain data, and back.

use serde::Serialize;

use super::{Limits, MOST_TOKENS, Open, RateLimiter};
use crate::error::Error;
use crate::json::Value;
use crate::policy::calendar::{LAST_TIME, month_of};
use crate::policy::period::Period;
use crate::policy::state;
use crate::policy::window::{MINUTE, Window};
use crate::unit::{SteadyTime, WallTime};

/// A limiter as plain data, for [`RateLimiter::restore`]; the limits are not part of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The time that passes; older versions knew no other.
    now: SteadyTime,
    /// The wall clock, where that was set back.
    #[serde(skip_serializing_if = "Option::is_none")]
    wall: Option<WallTime>,
    left: SteadyTime,
    month_start: WallTime,
    requests_this_month: f64,
    /// Of the month that the clock has left: the latest reading, and requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    month_left: Option<(WallTime, f64)>,
    blocked_until: SteadyTime,
    last_reservation: f64,
    settled: Vec<(SteadyTime, f64, f64)>,
    open: Vec<(f64, SteadyTime, f64)>,
}

impl RateLimiter {
    /// What there is to remember but for what is open, and of what was counted these times alone.
    pub fn state_at(&self, times: &[SteadyTime]) -> State {
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
            wall: (wall.0 != steady.0).then_some(wall),
            left: self.window.left(),
            month_start: self.month.start(),
            requests_this_month: self.month.amount as f64,
            month_left: (left_at > WallTime::ZERO).then_some((left_at, requests as f64)),
            blocked_until: self.blocked_until,
            last_reservation: self.last_id as f64,
            settled,
            open: Vec::new(),
        }
    }

    /// Up to when on the wall clock anything it remembers can matter.
    pub fn matters_until(&self) -> WallTime {
        let blocked = self.clock.to_wall(self.blocked_until);
        let minute = self.clock.wall() + MINUTE;
        self.month.end().max(blocked).max(minute)
    }

    /// All there is to remember, open reservations included.
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

    /// The limiter that gave a state, whatever made of the state in the meantime; `path` names it in errors.
    pub fn restore(value: &Value, limits: Limits, path: &str) -> Result<Self, Error> {
        let state = state::Reader::new(value, path)?;
        let mut limiter = RateLimiter::new(limits);
        let now = state.time("now")?;
        let wall = state.wall(now)?;
        limiter.clock = limiter.clock.restore(now, wall);
        let left = SteadyTime(state.number("left", -1.0, now.0)?);
        let month = month_of(state.wall_time("monthStart")?);
        let amount = state.count("requestsThisMonth")?;
        let month_left = match state.given("monthLeft") {
            None => (WallTime::ZERO, 0),
            Some(row) => state::row(row, |row| {
                let left_at = row.time(0, SteadyTime(LAST_TIME))?;
                Some((WallTime(left_at.0), row.count(1, state::MOST)?))
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

fn row((at, requests, tokens): (SteadyTime, u64, u64)) -> (SteadyTime, f64, f64) {
    (at, requests as f64, tokens as f64)
}
