//! A value that replaces the one of the event before is added to the completion only when the last one is known: at the end, at an
//! event of another shape, or when the caller asks in between.

use hfetch::wire::stream::{ChatDecoder, Mode};
use serde_json::Value;

fn event(text: &str, at: usize) -> Vec<u8> {
    format!(
        "data: {{\"id\":\"c\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,\"heard\":\"{text}\",\"delta\":{{\"token_id\":{at},\"content\":\"{text}\"}}}}],\"usage\":{{\"prompt_tokens\":1,\"completion_tokens\":{at},\"total_tokens\":{}}}}}\n\n",
        at + 1
    )
    .into_bytes()
}

const OTHER: &[u8] = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"!\"}}]}\n\n";

fn completion(decoder: &ChatDecoder) -> Value {
    serde_json::from_slice(&decoder.completion().to_json()).unwrap()
}

fn check(decoder: &ChatDecoder, text: &str, at: usize) {
    let completion = completion(decoder);
    let choice = &completion["choices"][0];
    assert_eq!(choice["message"]["token_id"], at, "{completion}");
    assert_eq!(choice["heard"], text, "{completion}");
    assert_eq!(completion["usage"]["total_tokens"], at + 1, "{completion}");
}

fn after(events: usize) -> ChatDecoder {
    let mut decoder = ChatDecoder::new(1 << 20);
    for at in 0..events {
        decoder.push(&event(&format!("t{at}"), at), Mode::Text);
    }
    decoder
}

#[test]
fn the_last_event_is_there_when_somebody_asks_after_any_of_them() {
    for events in 1..8 {
        let mut decoder = after(events);
        decoder.settle();
        check(&decoder, &format!("t{}", events - 1), events - 1);
        // The event is not added twice, and later events go on.
        decoder.settle();
        decoder.push(&event("on", 40), Mode::Text);
        decoder.settle();
        check(&decoder, "on", 40);
    }
}

#[test]
fn the_last_event_is_there_however_the_body_ends() {
    for events in 1..8 {
        let last = events - 1;
        let ends: [fn(&mut ChatDecoder); 4] = [
            |decoder| decoder.push(b"data: [DONE]\n\n", Mode::Text),
            |decoder| decoder.end(Mode::Text),
            |decoder| decoder.lose(Mode::Text),
            |decoder| decoder.push(b"data: {\"error\":\"out of memory\"}\n\n", Mode::Text),
        ];
        for end in ends {
            let mut decoder = after(events);
            end(&mut decoder);
            check(&decoder, &format!("t{last}"), last);
        }
        let mut decoder = after(events);
        decoder.settle();
        check(&decoder, &format!("t{last}"), last);
    }
}

#[test]
fn an_event_of_another_shape_leaves_it_there() {
    for events in 1..8 {
        let last = events - 1;
        let mut decoder = after(events);
        for _ in 0..3 {
            decoder.push(OTHER, Mode::Text);
            check(&decoder, &format!("t{last}"), last);
        }
        // The shape is known now, and comes between two of the first shape.
        decoder.push(&event("more", 50), Mode::Text);
        decoder.push(&event("and", 51), Mode::Text);
        decoder.push(OTHER, Mode::Text);
        check(&decoder, "and", 51);
    }
}

#[test]
fn an_event_that_is_too_long_to_be_kept_is_folded_at_once() {
    let long = "x".repeat(2_000);
    let mut decoder = ChatDecoder::new(1 << 20);
    for at in 0..6 {
        decoder.push(&event(&format!("{long}{at}"), at), Mode::Text);
        if at > 2 {
            check(&decoder, &format!("{long}{at}"), at);
        }
    }
}
