//! The options of one request, which override the client's.

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

/// The options that apply to one request.
///
/// ```
/// use hfetch::config::{Config, KeySource, RequestOptions};
/// use hfetch::json;
///
/// let options = json::parse(br#"{"apiKey": "hf_example", "timeout": {"idle": 5000}, "maxRetries": 1}"#).unwrap();
/// let client = Config::from_options(&options, &KeySource::None).unwrap();
/// let given = json::parse(br#"{"maxRetries": 0}"#).unwrap();
/// let request = RequestOptions::from_value(&given, &client).unwrap();
/// // The request's own option wins, and the client's other options still apply.
/// assert_eq!(request.retry.max_attempts, 1);
/// assert_eq!(request.timeouts.idle(), client.timeouts.idle());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RequestOptions {
    /// The timeout of each phase.
    pub timeouts: Timeouts,
    /// When and how often the request is tried again.
    pub retry: RetryPolicy,
    /// Which models and providers may answer.
    pub route: Option<Rc<Route>>,
    /// The client's headers together with the request's.
    pub headers: Headers,
}

impl RequestOptions {
    /// The options of a request that has none of its own.
    pub fn of_client(client: &Config) -> Self {
        RequestOptions {
            timeouts: client.timeouts,
            retry: client.retry,
            route: client.route.clone(),
            headers: client.headers.clone(),
        }
    }

    /// Reads the options of a request; what they don't set comes from the client.
    pub fn from_value(given: &Value, client: &Config) -> Result<Self, Error> {
        let fields = Fields::of(given, "");
        fields.only(&OPTIONS);
        let mut options = RequestOptions::of_client(client);
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
