//! The attempts of one request: key, limits, fetch, and what follows from each failure.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::admission::{Denied, admit, admit_whole};
use super::cancel::Cancel;
use super::error::to_js_with;
use super::fetch::{self, Response, Sent};
use super::in_flight::{Exchange, InFlight};
use super::now;
use super::outgoing::Wire;
use super::trap::{self, Place};
use crate::json;
use crate::policy::retry::{self, Failure};
use crate::wire::{failure, model};

/// Longest error body that is read; beyond it nobody wrote a message.
const ERROR_BODY_LIMIT: f64 = 1_048_576.0;

/// How long an error body may take, in ms.
const ERROR_BODY_PATIENCE: f64 = 5_000.0;

/// An attempt that brought no answer.
struct Failed {
    /// What the caller gets if this was the last one.
    error: JsValue,
    status: Option<u16>,
    /// ms until the same key may be tried again; none: never.
    delay: Option<f64>,
    /// ms for which the key should rest.
    rest: Option<f64>,
    /// Whether what it used is booked already.
    booked: bool,
    /// Whether another key may help although this one must not be tried again.
    of_key: bool,
}

/// Why there was no attempt.
enum Unprepared {
    /// A limit of this client.
    Refused(JsValue),
    /// The call ended, or there was no key.
    Failed(JsValue),
}

/// Sends request `index` of a call until it has a response with a success status, or a typed error.
pub async fn send(call: &InFlight, index: usize) -> Result<Sent, JsValue> {
    let Some(wire) = call.requests.get(index) else {
        return Err(JsValue::UNDEFINED);
    };
    trap::here(Place::Send);
    affordable(call).await?;
    let mut tried = Vec::new();
    let mut attempt = 0u32;
    let mut refused_key = None;
    let mut last_error = None;
    loop {
        attempt += 1;
        let (exchange, secret) = match prepare(call, index, &tried).await {
            Ok(prepared) => prepared,
            // What the server said matters more than the limit that kept the next try from it.
            Err(Unprepared::Refused(error)) => return Err(last_error.unwrap_or(error)),
            Err(Unprepared::Failed(error)) => return Err(error),
        };
        // A function that gives the refused key again has nothing new to try.
        if let Some((key, error)) = refused_key.take()
            && key == secret
        {
            call.release(&exchange);
            return Err(error);
        }
        tried.push(exchange.key);
        trap::here(Place::Admitted);
        let sent = once(call, wire, secret.as_deref(), &exchange).await?;
        let failed = match outcome(call, sent, &exchange, attempt).await? {
            Ok(sent) if call.cancel.cause().is_some() => {
                sent.response().iter().for_each(fetch::discard);
                call.sent_in_vain(&exchange);
                return Err(call.cancelled_error(JsValue::NULL));
            }
            Ok(sent) => return Ok(sent),
            Err(failed) => failed,
        };
        if !failed.booked {
            call.book(&exchange, 0, 0);
        }
        let rest = rest(call, &exchange, &failed);
        let last = attempt >= call.options.retry.max_attempts;
        let another = !last
            && call
                .shared
                .pool(|pool| pool.has_another(&call.model, &tried, now()));
        let asks_again =
            !last && failed.status == Some(401) && call.shared.config.key_from_function;
        last_error = Some(failed.error.clone());
        if asks_again {
            refused_key = Some((secret, failed.error));
            continue;
        }
        match failed.delay {
            _ if another && (failed.of_key || rest) => {}
            Some(delay) => sleep(call, delay).await?,
            None => return Err(failed.error),
        }
    }
}

/// Lets all of a call's requests through before the first is sent, where none of them may wait for the limits.
pub async fn admit_all(call: &InFlight) -> Result<(), JsValue> {
    if !call.is_split() {
        return Ok(());
    }
    affordable(call).await?;
    admit_whole(call)
        .await
        .map_err(|denied| match denied_error(call, denied) {
            Unprepared::Refused(error) | Unprepared::Failed(error) => error,
        })
}

/// A budget needs the price before the request: live prices are waited for, and without one nothing is sent.
async fn affordable(call: &InFlight) -> Result<(), JsValue> {
    if call.kind.is_none() || !call.has_budget() {
        return Ok(());
    }
    let prices = call.prices.get(|prices| prices.clone());
    if let Some(prices) = prices {
        let waited = JsFuture::from(call.cancel.race(&prices)).await;
        waited.map_err(|_| call.cancelled_error(JsValue::NULL))?;
    }
    match call.rates(None) {
        Some(_) => Ok(()),
        None => Err(to_js_with(call.unpriced(), &call.fields())),
    }
}

/// A key, what is reserved for it, and the secret itself.
async fn prepare(
    call: &InFlight,
    index: usize,
    tried: &[usize],
) -> Result<(Rc<Exchange>, Option<String>), Unprepared> {
    let cancelled = || Unprepared::Failed(call.cancelled_error(JsValue::NULL));
    if call.cancel.cause().is_some() {
        return Err(cancelled());
    }
    let exchange = match call.kind {
        Some(_) => match call.admitted(index) {
            Some(admitted) => admitted,
            None => admit(call, index, tried)
                .await
                .map_err(|denied| denied_error(call, denied))?,
        },
        None => {
            let keys = call
                .shared
                .pool(|pool| pool.pick(&call.model, tried, now()));
            call.open(Exchange {
                index,
                key: keys.first().copied().unwrap_or(0),
                reservation: None,
                sent: Cell::new(false),
            })
        }
    };
    match call.shared.secret(exchange.key, &call.cancel).await {
        // Whoever was woken or given a key may have been aborted since.
        Ok(secret) if call.cancel.cause().is_none() => Ok((exchange, secret)),
        given => {
            call.release(&exchange);
            Err(match given {
                Err(error) if call.cancel.cause().is_none() => Unprepared::Failed(error),
                _ => cancelled(),
            })
        }
    }
}

fn denied_error(call: &InFlight, denied: Denied) -> Unprepared {
    match denied {
        Denied::Ended => Unprepared::Failed(call.cancelled_error(JsValue::NULL)),
        Denied::Refused(error, thrown) => {
            let fields = call.fields();
            if !thrown.is_undefined() {
                fields.set("cause", thrown);
            }
            Unprepared::Refused(to_js_with(error, &fields))
        }
    }
}

/// One fetch; an early end of the call is accounted for here.
async fn once(
    call: &InFlight,
    wire: &Wire,
    secret: Option<&str>,
    exchange: &Rc<Exchange>,
) -> Result<Sent, JsValue> {
    let config = &call.shared.config;
    if config.key_from_function {
        call.sent_keys
            .get(|keys| keys.extend(secret.map(str::to_string)));
    }
    let headers = fetch::request_headers(
        secret,
        config.bill_to.as_deref(),
        &call.options.headers,
        wire.method == "POST",
        call.stream,
    );
    call.attempts.set(call.attempts.get() + 1);
    call.progress
        .get(|progress| progress.key = Some(exchange.key));
    if call.kind.is_some() {
        call.shared.pool(|pool| pool.sent(exchange.key, now()));
    }
    let body = wire.body_text();
    let connect = call.options.timeouts.connect(call.stream);
    exchange.sent.set(true);
    let promise = fetch::send(
        &call.shared.hooks.fetch,
        &wire.url,
        wire.method,
        headers,
        !call.options.headers.is_empty(),
        body,
        &call.cancel,
        connect,
    );
    trap::here(Place::Sent);
    let sent: Sent = JsFuture::from(promise).await?.unchecked_into();
    if sent.ended() == Some(true) {
        call.sent_in_vain(exchange);
        return Err(call.cancelled_error(JsValue::NULL));
    }
    Ok(sent)
}

/// What came of a fetch: an answer, or a failure that may be tried again.
async fn outcome(
    call: &InFlight,
    sent: Sent,
    exchange: &Rc<Exchange>,
    attempt: u32,
) -> Result<Result<Sent, Failed>, JsValue> {
    let Some(response) = sent.response() else {
        let timed_out = sent.timed_out() == Some(true);
        if timed_out {
            // The server may have run it all the same.
            call.sent_in_vain(exchange);
        }
        return Ok(Err(Failed {
            booked: timed_out,
            ..unanswered(call, &sent, attempt)
        }));
    };
    call.note_response(&response);
    trap::here(Place::Headers);
    let status = response.status() as u16;
    if (200..300).contains(&status) {
        if let Some(rest) = retry::rest_time(status, &|name| fetch::header(&response, name), now())
        {
            call.block(exchange.key, now() + rest);
        }
        return Ok(Ok(sent));
    }
    let body = error_body(call, &response).await;
    sent.forget();
    if call.cancel.cause().is_some() {
        call.book(exchange, 0, 0);
        return Err(call.cancelled_error(JsValue::NULL));
    }
    Ok(Err(refused(call, &response, status, &body, attempt)))
}

/// An error's body, as far as it comes soon: one that stalls leaves the status, which says enough.
async fn error_body(call: &InFlight, response: &Response) -> Vec<u8> {
    let patience = Cancel::new(&JsValue::UNDEFINED);
    patience.start_total(call.options.timeouts.idle.min(ERROR_BODY_PATIENCE));
    let read = fetch::read_body(response, &patience, f64::INFINITY, ERROR_BODY_LIMIT);
    let bytes = JsFuture::from(call.cancel.race(&read)).await;
    patience.end("closed");
    bytes.map_or_else(
        |_| Vec::new(),
        |bytes| js_sys::Uint8Array::from(bytes).to_vec(),
    )
}

/// No response: the connection failed or the headers took too long.
fn unanswered(call: &InFlight, sent: &Sent, attempt: u32) -> Failed {
    let delay = delay(call, None, &|_| None, None, attempt);
    let error = if sent.timed_out() == Some(true) {
        call.connect_timeout()
    } else {
        call.connection_error(sent.error())
    };
    Failed {
        error,
        status: None,
        delay,
        rest: None,
        booked: false,
        of_key: false,
    }
}

/// A response with an error status.
fn refused(call: &InFlight, response: &Response, status: u16, body: &[u8], attempt: u32) -> Failed {
    let header = |name: &str| fetch::header(response, name);
    let text = call.redact(&String::from_utf8_lossy(body));
    let mut error = failure::from_response(failure::Response {
        status,
        body: text.as_bytes(),
        has_key: call.shared.has_key(),
        usable_model: model::USABLE_IN_CHAT,
    });
    let value = json::parse(text.as_bytes()).ok();
    error.retry_after = retry::server_wait(Some(status), &header, now()).or(error.estimated_time);
    let fields = call.fields();
    fields.set("headers", call.clean_headers(&response.headers()));
    if !text.is_empty() {
        call.set_body(&fields, &text);
    }
    Failed {
        error: call.quoting(error, &fields),
        status: Some(status),
        delay: delay(call, Some(status), &header, value.as_ref(), attempt),
        rest: retry::rest_time(status, &header, now()),
        booked: false,
        of_key: matches!(status, 401..=403),
    }
}

fn delay(
    call: &InFlight,
    status: Option<u16>,
    header: retry::Header<'_>,
    body: Option<&json::Value>,
    attempt: u32,
) -> Option<f64> {
    let failure = Failure {
        status,
        header,
        body,
        attempt,
        random: js_sys::Math::random(),
        now: now(),
    };
    retry::retry_delay(&failure, &call.options.retry)
}

/// Lets the key cool and the limiter rest; true when the key should not be used now.
fn rest(call: &InFlight, exchange: &Exchange, failed: &Failed) -> bool {
    let Some(status) = failed.status else {
        return false;
    };
    call.shared
        .pool(|pool| pool.failed(exchange.key, &call.model, status, failed.rest, now()));
    if let Some(rest) = failed.rest {
        call.block(exchange.key, now() + rest);
    }
    status == 429
}

async fn sleep(call: &InFlight, delay: f64) -> Result<(), JsValue> {
    // A timer may fire up to a millisecond before the clock says so, and a limit that rests until then would refuse.
    let nap = call.cancel.nap(delay + 1.0);
    JsFuture::from(nap.done())
        .await
        .map_err(|_| call.cancelled_error(JsValue::NULL))?;
    Ok(())
}
