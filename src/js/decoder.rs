//! Handles of the decoders for JavaScript.

use std::cell::Cell;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::convert::Returned;
use super::error;
use crate::call::delivered::counter;
use crate::error::{Class, Error};
use crate::trap::{self, Place};
use crate::wire::completion::Completion;
use crate::wire::fault::Fault;
use crate::wire::sse::{Event, Sink, SseDecoder, TooLarge};
use crate::wire::stream::{ChatDecoder, Mode};

thread_local! {
    /// The buffer for network chunks. All streams share it, since each chunk is read at once.
    static INPUT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Decodes the body of one chat stream: the part of `Decoder` in decode.js that reads bytes.
#[wasm_bindgen]
#[derive(Debug)]
pub struct DecoderHandle {
    inner: ChatDecoder,
    header: [u32; 14],
}

#[wasm_bindgen]
impl DecoderHandle {
    /// A decoder that refuses an event of more than `max_event_bytes` and an answer of more than `max_answer_bytes`. Without the
    /// second limit it doesn't keep the answer, and only counts it. `is_text`: the answer is a text completion.
    #[wasm_bindgen(constructor)]
    pub fn new(
        max_event_bytes: f64,
        max_answer_bytes: Option<f64>,
        is_text: bool,
    ) -> DecoderHandle {
        let limit = max_event_bytes as usize;
        let inner = match max_answer_bytes {
            Some(most) => ChatDecoder::bounded(limit, most as usize),
            None => ChatDecoder::counting(limit, counter),
        };
        DecoderHandle {
            inner: match is_text {
                true => inner.of_text(),
                false => inner,
            },
            header: [0; 14],
        }
    }

    /// The address for network chunks of up to `length` bytes, of any stream. It is valid until a longer one is requested or a
    /// `commit` traps.
    pub fn reserve(&mut self, length: usize) -> *mut u8 {
        let mut input = INPUT.take();
        if input.len() < length {
            input = vec![0; length];
        }
        let place = input.as_mut_ptr();
        INPUT.set(input);
        place
    }

    /// Reads the network chunk at that address. Returns the address of a header that describes what it completed.
    pub fn commit(&mut self, length: usize, mode: u32) -> *const u32 {
        trap::here(Place::Decode);
        let input = INPUT.take();
        let bytes = input.get(..length).unwrap_or_default();
        self.inner.push(bytes, mode_of(mode));
        INPUT.set(input);
        self.report()
    }

    /// Ends the body; `lost`: its connection broke. Returns the same as `commit`.
    pub fn end(&mut self, mode: u32, lost: bool) -> *const u32 {
        match lost {
            true => self.inner.lose(mode_of(mode)),
            false => self.inner.end(mode_of(mode)),
        }
        self.report()
    }

    #[cfg_attr(optimize_attribute, optimize(speed))]
    fn report(&mut self) -> *const u32 {
        let batch = self.inner.batch();
        let completion = self.inner.completion();
        let ended = self.inner.ended() as u32;
        let delivered = completion.delivered_any() as u32;
        let tail = (completion.has_finish() || completion.has_usage()) as u32;
        let event = self.inner.has_event() as u32;
        let failed = self.fault().is_some() as u32;
        self.header = [
            batch.items(),
            batch.whole(),
            batch.ops().as_ptr() as u32,
            batch.text().as_ptr() as u32,
            batch.text().len() as u32,
            batch.units() as u32,
            batch.numbers().as_ptr() as u32,
            batch.json().as_ptr() as u32,
            batch.json().len() as u32,
            batch.definitions().as_ptr() as u32,
            batch.definitions().len() as u32,
            batch.wide().as_ptr() as u32,
            batch.wide().len() as u32,
            ended | delivered << 1 | tail << 2 | failed << 3 | event << 4,
        ];
        self.header.as_ptr()
    }

    /// The completion so far, as JSON in UTF-8.
    pub fn completion_json(&mut self) -> Vec<u8> {
        trap::here(Place::Fold);
        self.inner.settle();
        self.inner.completion().to_json()
    }
}

impl DecoderHandle {
    /// Folds what waits for an event that will not come.
    pub fn settle(&mut self) {
        self.inner.settle();
    }

    /// Why the stream ended badly.
    pub fn fault(&self) -> Option<&Fault> {
        self.inner.fault()
    }

    /// The completion as JSON, if it has at most about `most` bytes.
    pub fn small_json(&self, most: usize) -> Option<String> {
        let completion = self.inner.completion();
        let json = (completion.size() <= most).then(|| completion.to_json());
        json.and_then(|json| String::from_utf8(json).ok())
    }

    /// The part of the answer that has arrived so far.
    pub fn completion(&self) -> &Completion {
        self.inner.completion()
    }
}

/// The memory to which the addresses of `DecoderHandle` belong.
#[wasm_bindgen]
pub fn wasm_memory() -> Returned<JsValue> {
    Ok(wasm_bindgen::memory())
}

fn mode_of(mode: u32) -> Mode {
    match mode {
        0 => Mode::Chunks,
        1 => Mode::Text,
        _ => Mode::Fold,
    }
}

/// Decodes an event stream of any kind, by the WHATWG standard.
#[wasm_bindgen]
#[derive(Debug)]
pub struct SseHandle {
    inner: SseDecoder,
    failed: bool,
}

struct Collect<'a>(&'a Array);

impl Sink for Collect<'_> {
    fn event(&mut self, event: Event<'_>) -> bool {
        let texts = [event.name, event.data, event.id].map(String::from_utf8_lossy);
        // Strings can always be converted.
        if let Ok(texts) = serde_wasm_bindgen::to_value(&texts) {
            self.0.push(&texts);
        }
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

    /// The events that `bytes` completes, each as `[event, data, id]`.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Array, JsValue> {
        let events = Array::new();
        let pushed = self.inner.push(bytes, &mut Collect(&events));
        self.failed |= pushed == Err(TooLarge);
        // Events that were complete before the failure are returned; the next call fails.
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
