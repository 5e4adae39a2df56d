//! Recorded streams and answers, accumulated as the plain implementation does it.

use super::{folded, oracle, reader};
use hfetch::error::Class;
use hfetch::wire::stream::Mode;
use serde_json::Value;

fn files() -> Vec<(String, Vec<u8>)> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures").to_string();
    let others = std::env::var("HFETCH_FIXTURES").ok();
    if others.is_none() {
        println!("SKIPPED: the recordings of servers, since HFETCH_FIXTURES names no folder");
    }
    let folders = [Some(own), others].into_iter().flatten();
    let entries = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read =
        |path: std::path::PathBuf| (path.display().to_string(), std::fs::read(&path).unwrap());
    paths
        .into_iter()
        .filter(|path| path.is_file())
        .map(read)
        .collect()
}

fn of(ending: &str) -> Vec<(String, Vec<u8>)> {
    files()
        .into_iter()
        .filter(|(name, _)| name.ends_with(ending))
        .collect()
}

#[test]
fn every_recorded_stream() {
    let mut compared = 0;
    for (name, body) in of(".sse") {
        // The chunks equal the results of JSON.parse; other tests check that.
        let (chunks, _) = reader::read([body.as_slice()], Mode::Chunks);
        if chunks
            .fault
            .is_some_and(|(class, _)| class == Class::Stream)
        {
            continue;
        }
        assert_eq!(chunks.folded, joined(oracle::fold(&chunks.items)), "{name}");
        for size in [1, 100, 16384] {
            let (pieces, _) = reader::read(body.chunks(size), Mode::Fold);
            assert_eq!(pieces.folded, chunks.folded, "{name}");
        }
        compared += 1;
    }
    println!("{compared} streams");
    assert!(compared > 20);
}

#[test]
fn every_recorded_list_of_chunks_and_every_whole_answer() {
    let mut compared = 0;
    for (name, body) in of(".json").into_iter().chain(of(".chunks.txt")) {
        let text = String::from_utf8_lossy(&body);
        let values: Vec<Value> = match serde_json::from_str(&text) {
            Ok(Value::Array(list)) => list,
            Ok(value) => vec![value],
            Err(_) => text
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect(),
        };
        let values: Vec<Value> = values.into_iter().map(reader::as_javascript).collect();
        if !values
            .iter()
            .any(|value| value.get("choices").is_some_and(Value::is_array))
        {
            continue;
        }
        let whole = folded(&values);
        assert_eq!(whole, oracle::fold(&values), "{name}");
        if let [answer] = values.as_slice()
            && answer["object"] == "chat.completion"
        {
            carried(answer, &whole, &name);
        }
        compared += 1;
    }
    println!("{compared} answers");
    assert!(compared > 3);
}

/// Joins halves of a surrogate pair that have met.
fn joined(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(reader::end_to_end([text.as_str()].into_iter())),
        Value::Array(list) => list.into_iter().map(joined).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            Value::Object(members.map(|(key, value)| (key, joined(value))).collect())
        }
        other => other,
    }
}

/// Everything in a whole answer is still there; only a call's index, which orders streamed ones, may be gone.
fn carried(answer: &Value, whole: &Value, path: &str) {
    match (answer, whole) {
        (Value::Object(members), Value::Object(kept)) => {
            for (key, value) in members {
                let in_call = path.contains("tool_calls") && key == "index";
                let usage = key == "usage" && value.is_null();
                match kept.get(key) {
                    Some(kept) => carried(value, kept, &format!("{path}.{key}")),
                    None => assert!(in_call || usage, "{path}.{key} is lost"),
                }
            }
        }
        (Value::Array(list), Value::Array(kept)) => {
            assert_eq!(list.len(), kept.len(), "{path}");
            list.iter()
                .zip(kept)
                .for_each(|(value, kept)| carried(value, kept, path));
        }
        _ => assert_eq!(whole, answer, "{path}"),
    }
}
