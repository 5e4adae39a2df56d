//! The typed errors of a call, with what only the call knows: attempts, request id, headers, body, partial.

use wasm_bindgen::prelude::*;

use super::convert::get;
use super::error::{Fields, clean_cause, clean_headers, names_of, parsed, to_js_with};
use super::in_flight::InFlight;
use super::trap::{self, Place};
use crate::config::header;
use crate::error::{Class, Details, Error, redact, redact_cut};
use crate::policy::time_limit::{self, Phase};
use crate::wire::failure;
use crate::wire::stream::Fault;

impl InFlight {
    /// What must not be seen in anything of this call, longest first: one key may begin as another does.
    fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<String> = Vec::new();
        // The standard library's sort is kilobytes of code.
        let mut add = |secret: String| {
            let shorter = |other: &String| other.len() < secret.len();
            let at = secrets.iter().position(shorter);
            secrets.insert(at.unwrap_or(secrets.len()), secret);
        };
        self.shared.secrets().into_iter().for_each(&mut add);
        self.sent_keys
            .get(|keys| keys.clone())
            .into_iter()
            .for_each(&mut add);
        header::secrets(&self.options.headers).for_each(|secret| add(secret.to_string()));
        secrets
    }

    /// A text without what must not be seen.
    pub fn redact(&self, text: &str) -> String {
        redact(text, &self.secrets())
    }

    /// An error that says what the server said: keys are cut out of its words, since these were read.
    pub fn quoting(&self, mut error: Error, fields: &Fields) -> JsValue {
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

    /// `body` and `error` of an error: parsed where the body is JSON, keys cut out.
    pub fn set_body(&self, fields: &Fields, text: &str) {
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
        fields.set("body", body);
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

    /// The typed error of a runtime's own time limit, where what was thrown is one.
    pub fn runtime_timeout(
        &self,
        thrown: &JsValue,
        during: Phase,
        partial: JsValue,
    ) -> Option<JsValue> {
        let (phase, name) = time_limit::exceeded(&names_of(thrown), during)?;
        let what = match phase {
            Phase::Connect => "no response headers",
            Phase::Idle => "no bytes",
        };
        let message = [
            "Timed out: ",
            what,
            " within the runtime's own limit for fetch (",
            name,
            ", see cause): ask for a stream, or give the client a fetch without that limit (option fetch).",
        ];
        let fields = match during {
            Phase::Connect => self.fields(),
            Phase::Idle => self.stream_fields(partial),
        };
        fields.set("cause", self.clean(thrown));
        Some(to_js_with(
            timed_out(phase.name(), message.concat()),
            &fields,
        ))
    }

    /// The typed error of a key function that doesn't answer.
    pub fn key_timeout(&self) -> JsValue {
        let ms = self.options.timeouts.connect(self.stream) as u64;
        let message = [
            "Timed out: the key function (apiKey) gave no key within ",
            &ms.to_string(),
            " ms (timeout.connect); nothing was sent.",
        ];
        to_js_with(timed_out("connect", message.concat()), &self.fields())
    }

    /// The typed error of an answer whose body broke off.
    pub fn body_lost(&self, thrown: JsValue) -> JsValue {
        if let Some(timeout) = self.runtime_timeout(&thrown, Phase::Idle, JsValue::NULL) {
            return timeout;
        }
        let error = Error::new(
            Class::Connection,
            "The connection was lost while the answer was read: see cause.",
        );
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
        let ms = self
            .cancel
            .waited()
            .or(self.options.timeouts.total)
            .unwrap_or_default();
        to_js_with(timeout(phase, ms), &fields)
    }

    /// The typed error of an attempt without response headers in time.
    pub fn connect_timeout(&self) -> JsValue {
        let ms = self.options.timeouts.connect(self.stream);
        to_js_with(timeout("connect", ms), &self.fields())
    }

    /// The typed error of a stream whose connection was lost.
    pub fn stream_lost(&self, thrown: JsValue, partial: JsValue) -> JsValue {
        if let Some(timeout) = self.runtime_timeout(&thrown, Phase::Idle, partial.clone()) {
            return timeout;
        }
        let error = Error::new(
            Class::StreamTruncated,
            "The connection was lost in the middle of the stream: see cause, and partial for what had arrived.",
        );
        let fields = self.stream_fields(partial);
        fields.set("cause", self.clean(&thrown));
        to_js_with(error, &fields)
    }

    /// The typed error of a fault the decoder found.
    pub fn stream_fault(&self, fault: &Fault, partial: JsValue) -> JsValue {
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

    /// The typed error of a 200 whose body is not what was asked for.
    pub fn unexpected(&self, bytes: &[u8]) -> JsValue {
        let mut error = failure::unexpected(bytes);
        error.status = Some(self.progress.get(|progress| progress.status));
        let fields = self.stream_fields(JsValue::NULL);
        self.set_body(&fields, &String::from_utf8_lossy(bytes));
        self.quoting(error, &fields)
    }
}

fn timeout(phase: &'static str, ms: f64) -> Error {
    let what = match phase {
        "connect" => "no response headers",
        "idle" => "no bytes",
        _ => "not finished",
    };
    let message = [
        "Timed out: ",
        what,
        " within ",
        &(ms as u64).to_string(),
        " ms (timeout.",
        phase,
        ").",
    ];
    timed_out(phase, message.concat())
}

fn timed_out(phase: &'static str, message: String) -> Error {
    let mut error = Error::new(Class::ConnectionTimeout, message);
    error.reason = Some(phase);
    error.retryable = true;
    error
}
