//! The typed errors of a call, with what only the call knows: attempts, request id, headers, body, partial.

use wasm_bindgen::prelude::*;

use super::convert::get;
use super::error::{Fields, clean_cause, clean_headers, parsed, to_js_with};
use super::in_flight::InFlight;
use super::trap::{self, Place};
use crate::config::{RequestOptions, header};
use crate::error::{Class, Details, Error, add_secret, redact, redact_cut};
use crate::wire::failure;
use crate::wire::fault::Fault;
use crate::wire::whole;

impl InFlight {
    /// What must not be seen in anything of this call.
    fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        let mut add = |secret: &str| add_secret(&mut secrets, secret);
        for key in &self.shared.secrets() {
            add(key);
        }
        for key in &self.sent_keys.get(|keys| keys.clone()) {
            add(key);
        }
        header::secrets(&self.options.headers).for_each(add);
        secrets
    }

    /// A text without what must not be seen.
    pub fn redact(&self, text: &str) -> String {
        redact(text, &self.secrets())
    }

    /// An error that says what the server said: keys are cut out of its words, since these were read.
    pub fn quoting(&self, mut error: Error, fields: &Fields) -> JsValue {
        let status = self.progress.get(|progress| progress.status);
        failure::name_status(&mut error, status);
        let message = self.redact(&error.message);
        error.message = redact_cut(message, &self.secrets());
        let Details {
            code, kind, param, ..
        } = &mut *error;
        for text in [code, kind, param].into_iter().flatten() {
            *text = self.redact(text);
        }
        to_js_with(error, fields)
    }

    fn clean(&self, thrown: &JsValue) -> JsValue {
        clean_cause(thrown, self.secrets())
    }

    /// Response headers for an error: a copy without keys where one echoes them.
    pub fn clean_headers(&self, headers: &JsValue) -> JsValue {
        clean_headers(headers, self.secrets())
    }

    /// The fields every error of a call has.
    pub fn fields(&self) -> Fields {
        trap::here(Place::Failing);
        let fields = Fields::new();
        fields.set("attempts", self.attempts.get());
        let id = self.progress.get(|progress| progress.request_id.clone());
        if let Some(id) = id {
            fields.set("requestId", id);
        }
        fields
    }

    /// The fields of an error in an answer that had begun.
    pub fn stream_fields(&self, partial: JsValue) -> Fields {
        let fields = self.fields();
        let (status, headers) = self
            .progress
            .get(|progress| (progress.status, progress.headers.clone()));
        fields.set("status", status);
        fields.set("headers", self.clean_headers(&headers));
        fields.set("partial", partial);
        fields
    }

    /// `body` and `error` of an error: parsed where the body is JSON, keys cut out. Gives the body.
    pub fn set_body(&self, fields: &Fields, text: &str) -> JsValue {
        let text = redact_cut(self.redact(text), &self.secrets());
        let body = parsed(&text, self.secrets());
        let inner = get(&body, "error");
        fields.set(
            "error",
            if inner.is_undefined() {
                body.clone()
            } else {
                inner
            },
        );
        fields.set("body", &body);
        body
    }

    /// The typed error of a refused or failed connection.
    pub fn connection_error(&self, thrown: JsValue) -> JsValue {
        let mut error = Error::new(
            Class::Connection,
            "There was no response: the connection failed (see cause). In a browser this can also be CORS, or a blocked request.",
        );
        error.retryable = true;
        let fields = self.fields();
        fields.set("cause", self.clean(&thrown));
        to_js_with(error, &fields)
    }

    /// The typed error of an answer whose body broke off.
    pub fn body_lost(&self, thrown: JsValue) -> JsValue {
        let message = unreadable(&thrown).unwrap_or_else(|| {
            "The connection was lost while the answer was read: see cause.".into()
        });
        let error = Error::new(Class::Connection, message);
        let fields = self.stream_fields(JsValue::NULL);
        fields.set("cause", self.clean(&thrown));
        to_js_with(error, &fields)
    }

    /// The typed error of an early end.
    pub fn cancelled_error(&self, partial: JsValue) -> JsValue {
        let phase = match self.cancel.cause().as_deref() {
            Some("idle") => Some("idle"),
            Some("total") => Some("total"),
            _ => None,
        };
        let fields = self.fields();
        fields.set("partial", partial);
        let Some(phase) = phase else {
            fields.set("cause", self.cancel.reason());
            return to_js_with(
                Error::new(Class::UserAbort, "The request was aborted."),
                &fields,
            );
        };
        to_js_with(timeout(phase, &self.options, self.stream), &fields)
    }

    /// The typed error of an attempt without response headers in time.
    pub fn connect_timeout(&self) -> JsValue {
        to_js_with(
            timeout("connect", &self.options, self.stream),
            &self.fields(),
        )
    }

    /// The typed error of a stream whose connection was lost.
    pub fn stream_lost(&self, thrown: JsValue, partial: JsValue) -> JsValue {
        let message = unreadable(&thrown).unwrap_or_else(|| {
            "The connection was lost in the middle of the stream: see cause, and partial for what had arrived.".into()
        });
        let error = Error::new(Class::StreamTruncated, message);
        let fields = self.stream_fields(partial);
        fields.set("cause", self.clean(&thrown));
        to_js_with(error, &fields)
    }

    /// The typed error of a fault the decoder found.
    pub fn stream_fault(&self, fault: &Fault, partial: JsValue) -> JsValue {
        // What a choice says of its failure is in it too.
        let text = js_sys::JSON::stringify(&partial).map(String::from);
        let partial = text.map_or(JsValue::NULL, |text| parsed(&text, self.secrets()));
        let told = &fault.error;
        let class = match told.class {
            Class::StreamTruncated | Class::Api => told.class,
            _ => Class::Stream,
        };
        let mut error = Error::new(class, told.message.clone());
        error.code.clone_from(&told.code);
        error.kind.clone_from(&told.kind);
        error.param.clone_from(&told.param);
        let fields = self.stream_fields(partial);
        if let Some(body) = &fault.body {
            self.set_body(&fields, &String::from_utf8_lossy(body));
        }
        self.quoting(error, &fields)
    }

    /// The typed error of an answer that says that it failed, with what there is of it; undefined for one that doesn't.
    pub fn failed(&self, bytes: &[u8]) -> JsValue {
        let Some(mut error) = whole::failed(bytes) else {
            return JsValue::UNDEFINED;
        };
        error.status = None;
        let fields = self.stream_fields(JsValue::NULL);
        let body = self.set_body(&fields, &String::from_utf8_lossy(bytes));
        fields.set("partial", body);
        self.quoting(error, &fields)
    }

    /// The typed error of a 200 whose body is not what was asked for.
    pub fn unexpected(&self, bytes: &[u8]) -> JsValue {
        let status = self.progress.get(|progress| progress.status);
        let error = failure::unexpected(status, bytes);
        let fields = self.stream_fields(JsValue::NULL);
        self.set_body(&fields, &String::from_utf8_lossy(bytes));
        self.quoting(error, &fields)
    }
}

/// What fetch.js says of a body that is not the platform's.
fn unreadable(thrown: &JsValue) -> Option<String> {
    let problem = get(thrown, "unreadable").as_string()?;
    Some(["The answer can't be read: ", &problem].concat())
}

fn timeout(phase: &'static str, options: &RequestOptions, stream: bool) -> Error {
    let (ms, what) = match phase {
        "connect" => (options.timeouts.connect(stream), "no response headers"),
        "idle" => (options.timeouts.idle, "no bytes"),
        _ => (options.timeouts.total.unwrap_or_default(), "not finished"),
    };
    let message = [
        "Timed out: ",
        what,
        " within ",
        &(ms as u64).to_string(),
        " ms (timeout.",
        phase,
        ").",
    ]
    .concat();
    let mut error = Error::new(Class::ConnectionTimeout, message);
    error.reason = Some(phase);
    error.retryable = true;
    error
}
