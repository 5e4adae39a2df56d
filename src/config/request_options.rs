//! Options of one request, over the client's.

use std::rc::Rc;

use super::{Config, Headers, Route, Timeouts, header, retry};
use crate::error::Error;
use crate::field::Fields;
use crate::json::Value;
use crate::policy::retry::RetryPolicy;

const OPTIONS: [&str; 8] = [
    "signal",
    "timeout",
    "retry",
    "maxRetries",
    "route",
    "headers",
    "metadata",
    "onSettled",
];

/// What holds for one request.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestOptions {
    /// Timeouts of each phase.
    pub timeouts: Timeouts,
    /// When and how often to try again.
    pub retry: RetryPolicy,
    /// Who may answer.
    pub route: Option<Rc<Route>>,
    /// The client's headers and the request's.
    pub headers: Headers,
}

impl RequestOptions {
    /// The options of a request over those of its client.
    pub fn from_value(given: &Value, client: &Config) -> Result<Self, Error> {
        let fields = Fields::of(given, "");
        fields.only(&OPTIONS);
        let mut options = RequestOptions {
            timeouts: client.timeouts,
            retry: client.retry,
            route: client.route.clone(),
            headers: client.headers.clone(),
        };
        if let Some(timeout) = fields.get("timeout") {
            fields.read(options.timeouts.read(timeout, "timeout"));
        }
        retry::read(&mut options.retry, &fields);
        if let Some(route) = fields.get("route") {
            let route = Route::read(route, "route", &client.base_url);
            options.route = fields.read(route).map(Rc::new);
        }
        fields.object("headers", &mut |headers| {
            header::read(headers, &mut options.headers);
        });
        fields.ok().map(|()| options)
    }
}
