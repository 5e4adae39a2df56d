//! The decoders as JavaScript handles.

use js_sys::{Array, JSON, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use super::error;
use crate::error::{Class, Error};
use crate::wire::sse::{Event, Sink, SseDecoder, TooLarge};
use crate::wire::stream::{ChatDecoder, Mode};

/// Decodes one chat stream's body.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Decoder {
    inner: ChatDecoder,
    input: Vec<u8>,
}

#[wasm_bindgen]
impl Decoder {
    /// A decoder that refuses an event of more than `max_event_bytes`.
    #[wasm_bindgen(constructor)]
    pub fn new(max_event_bytes: f64) -> Decoder {
        Decoder {
            inner: ChatDecoder::new(max_event_bytes as usize),
            input: Vec::new(),
        }
    }

    /// Reads one network chunk and returns what it completes; mode 0: chunks, 1: texts, 2: nothing.
    pub fn push(&mut self, bytes: &Uint8Array, mode: u32) -> Result<Array, JsValue> {
        self.input.resize(bytes.length() as usize, 0);
        bytes.copy_to(&mut self.input);
        self.inner.push(&self.input, mode_of(mode));
        self.items()
    }

    /// The end of the body.
    pub fn end(&mut self, mode: u32) -> Result<Array, JsValue> {
        self.inner.end(mode_of(mode));
        self.items()
    }

    fn items(&mut self) -> Result<Array, JsValue> {
        match self.inner.items() {
            None => Ok(Array::new()),
            Some(items) => JSON::parse(&String::from_utf8_lossy(items)).map(JsCast::unchecked_into),
        }
    }

    /// Whether the end has come; what follows it is not read.
    #[wasm_bindgen(getter)]
    pub fn ended(&self) -> bool {
        self.inner.ended()
    }

    /// Why it ended badly: class, message, code, type, param, status, and the frame as `body`.
    pub fn fault(&self) -> Option<Object> {
        let fault = self.inner.fault()?;
        let error = &fault.error;
        let body = fault.body.as_deref().map(String::from_utf8_lossy);
        Some(object([
            ("class", error.class.name().into()),
            ("message", error.message.as_str().into()),
            ("code", error.code.as_deref().into()),
            ("type", error.kind.as_deref().into()),
            ("param", error.param.as_deref().into()),
            ("status", error.status.into()),
            ("body", body.as_deref().into()),
        ]))
    }

    /// The finish reason of the first choice.
    #[wasm_bindgen(getter)]
    pub fn finish_reason(&self) -> Option<String> {
        self.inner.completion().finish_reason()
    }

    /// Whether any choice has finished.
    #[wasm_bindgen(getter)]
    pub fn has_finish(&self) -> bool {
        self.inner.completion().has_finish()
    }

    /// Whether a delta has said anything yet.
    #[wasm_bindgen(getter)]
    pub fn delivered_any(&self) -> bool {
        self.inner.completion().delivered_any()
    }

    /// The usage as reported last.
    pub fn usage(&self) -> Option<Object> {
        let usage = self.inner.completion().usage()?;
        Some(object([
            ("prompt_tokens", usage.prompt.into()),
            ("completion_tokens", usage.completion.into()),
            ("total_tokens", usage.total.into()),
        ]))
    }

    /// The model that answered.
    pub fn model(&self) -> Option<String> {
        self.inner.completion().model()
    }

    /// Everything the model wrote, for an estimate.
    pub fn delivered(&self) -> String {
        self.inner.completion().delivered()
    }

    /// The completion as far as it has come, as JSON text.
    pub fn completion_json(&self) -> String {
        String::from_utf8_lossy(&self.inner.completion().to_json()).into_owned()
    }
}

fn object<const N: usize>(entries: [(&str, JsValue); N]) -> Object {
    let object = Object::new();
    for (name, value) in entries {
        // A plain object of our own takes every property.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object
}

fn mode_of(mode: u32) -> Mode {
    match mode {
        0 => Mode::Chunks,
        1 => Mode::Text,
        _ => Mode::Fold,
    }
}

/// Decodes any event stream, by the standard.
#[wasm_bindgen]
#[derive(Debug)]
pub struct SseHandle {
    inner: SseDecoder,
    failed: bool,
}

struct Collect<'a>(&'a Array);

impl Sink for Collect<'_> {
    fn event(&mut self, event: Event<'_>) -> bool {
        let text = |bytes| JsValue::from_str(&String::from_utf8_lossy(bytes));
        self.0.push(&object([
            ("event", text(event.name)),
            ("data", text(event.data)),
            ("id", text(event.id)),
        ]));
        true
    }
}

#[wasm_bindgen]
impl SseHandle {
    /// A decoder that refuses an event of more than `max_event_bytes`.
    #[wasm_bindgen(constructor)]
    pub fn new(max_event_bytes: f64) -> SseHandle {
        SseHandle {
            inner: SseDecoder::new(max_event_bytes as usize),
            failed: false,
        }
    }

    /// The events that `bytes` completes, as `{event, data, id}`.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Array, JsValue> {
        let events = Array::new();
        let pushed = self.inner.push(bytes, &mut Collect(&events));
        self.failed |= pushed == Err(TooLarge);
        // Events that came whole before it are the caller's; the next call fails.
        if self.failed && events.length() == 0 {
            return Err(error::to_js(Error::new(Class::Stream, TooLarge::MESSAGE)));
        }
        Ok(events)
    }

    /// The end of input.
    pub fn end(&mut self) {
        self.inner.end();
    }
}
