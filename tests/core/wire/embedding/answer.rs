//! Answers in every form, compared with a plain tree of the same JSON.

use hfetch::error::Class;
use hfetch::unit::Usd;
use hfetch::wire::embedding::{Embeddings, base64, decode};
use proptest::prelude::*;
use serde_json::{Value, json};

fn rows(embeddings: &Embeddings) -> Vec<Vec<f32>> {
    let rows = embeddings.values.chunks(embeddings.dimensions);
    rows.map(<[f32]>::to_vec).collect()
}

#[track_caller]
fn assert_rows(body: &str, expected: &[&[f32]]) {
    let found =
        decode(body.as_bytes(), expected.len()).unwrap_or_else(|error| panic!("{body}: {error}"));
    assert_eq!(rows(&found), expected, "{body}");
}

#[track_caller]
fn assert_refused(body: &str, inputs: usize, words: &str) {
    let start: String = body.chars().take(100).collect();
    let error = decode(body.as_bytes(), inputs).expect_err(&start);
    assert_eq!(error.class, Class::Api);
    assert!(
        error.message.contains(words),
        "{start}: {error} says {words:?}"
    );
}

#[test]
fn every_documented_shape() {
    assert_rows("[1,2.5,-3]", &[&[1.0, 2.5, -3.0]]);
    assert_rows("[[1,2]]", &[&[1.0, 2.0]]);
    assert_rows(
        " [ [ 1 , 2 ] ,\n[ 3\t,\r4 ] ] ",
        &[&[1.0, 2.0], &[3.0, 4.0]],
    );
    assert_rows("[[[1,2],[3,6]]]", &[&[2.0, 4.0]]);
    assert_rows("[[[1,2],[3,6]],[[5,5]]]", &[&[2.0, 4.0], &[5.0, 5.0]]);
    assert_rows(
        r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,2]}]}"#,
        &[&[1.0, 2.0]],
    );
    assert_rows(
        r#"{"data":[{"embedding":[1],"index":1,"object":"embedding"},{"embedding":[2],"index":0}]}"#,
        &[&[2.0], &[1.0]],
    );
    assert_rows(
        r#"{"data":[{"embedding":[1]},{"embedding":[2]}]}"#,
        &[&[1.0], &[2.0]],
    );
    assert_rows(
        r#"{"data" : [ { "index" : 0 , "embedding" : [ 1 , 2 ] , "x" : [[{"y": "]}"}]] } ] , "z" : null } "#,
        &[&[1.0, 2.0]],
    );
    assert_rows(
        r#"{"data":[{"embedding":"AACAPwAAAEA=","index":0}]}"#,
        &[&[1.0, 2.0]],
    );
    assert_rows(
        r#"{"data":[{"embedding":"AAAAvwAA\/8I=","index":0}]}"#,
        &[&[-0.5, -127.5]],
    );
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_rows("\u{feff}[[1,2]]", &[&[1.0, 2.0]]);
    assert_rows("\u{feff}{\"data\":[{\"embedding\":[1,2]}]}", &[&[1.0, 2.0]]);
}

#[test]
fn what_an_answer_says_besides() {
    let body = br#"{"model":"org\/name","usage":{"prompt_tokens":7,"total_tokens":9},"data":[{"embedding":[1]}]}"#;
    let found = decode(body, 1).unwrap();
    assert_eq!(found.model.as_deref(), Some("org/name"));
    let usage = found.usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.total_tokens), (7.0, 9.0));
    let body = br#"{"usage":{"prompt_tokens":7,"cost":0.25},"data":[{"embedding":[1]}]}"#;
    assert_eq!(decode(body, 1).unwrap().beside.usd, Some(Usd(0.25)));
    for (usage, expected) in [
        ("null", None),
        ("{}", None),
        ("[1]", None),
        (r#"{"prompt_tokens":"7"}"#, None),
        // Booking will find that this can't be right.
        (r#"{"prompt_tokens":-7}"#, Some((-7.0, -7.0))),
        (r#"{"prompt_tokens":7}"#, Some((7.0, 7.0))),
        (
            r#"{"total_tokens":9,"prompt_tokens":null}"#,
            Some((9.0, 9.0)),
        ),
    ] {
        let body = format!(r#"{{"data":[{{"embedding":[1]}}],"usage":{usage},"model":5}}"#);
        let found = decode(body.as_bytes(), 1).unwrap();
        assert_eq!(found.model, None);
        assert_eq!(
            found
                .usage
                .map(|usage| (usage.prompt_tokens, usage.total_tokens)),
            expected,
            "{usage}"
        );
    }
}

#[test]
fn the_mean_over_tokens_is_exact_to_a_rounding() {
    let body = "[[[0.1,16777216],[0.2,1],[0.3,1]]]";
    assert_rows(body, &[&[0.2, 5_592_406.0]]);
}

#[test]
fn rows_must_be_as_many_as_inputs() {
    assert_refused("[1,2]", 2, "it holds 1 embeddings for 2 inputs");
    assert_refused("[[1,2]]", 2, "it holds 1 embeddings for 2 inputs");
    assert_refused("[[1],[2],[3]]", 2, "it holds 3 embeddings for 2 inputs");
    assert_refused("[[[1]],[[2]]]", 1, "it holds 2 embeddings for 1 inputs");
    assert_refused(r#"{"data":[]}"#, 1, "it holds 0 embeddings for 1 inputs");
    assert_refused(
        r#"{"data":[{"embedding":[1]},{"embedding":[1]}]}"#,
        1,
        "it holds 2 embeddings for 1 inputs",
    );
}

#[test]
fn indexes_must_be_each_once() {
    let two = |a: &str, b: &str| {
        format!(r#"{{"data":[{{"embedding":[1],"index":{a}}},{{"embedding":[2],"index":{b}}}]}}"#)
    };
    assert_refused(&two("0", "0"), 2, "embedding 1 has the index of another");
    assert_refused(&two("1", "1"), 2, "embedding 1 has the index of another");
    assert_refused(
        &two("0", "2"),
        2,
        "embedding 1 has an index beyond the inputs",
    );
    assert_refused(
        &two("0", "-1"),
        2,
        "embedding 1 has an index that is no whole number",
    );
    assert_refused(
        &two("0.5", "1"),
        2,
        "embedding 0 has an index that is no whole number",
    );
    assert_refused(
        &two("0", "1e300"),
        2,
        "embedding 1 has an index beyond the inputs",
    );
}

#[test]
fn rows_must_be_of_one_length() {
    assert_refused("[[1,2],[3]]", 2, "embedding 1 has another length");
    assert_refused("[[[1,2]],[[3]]]", 2, "embedding 1 has another length");
    assert_refused(
        "[[[1,2],[3]]]",
        1,
        "embedding 0 has token rows of different lengths",
    );
    assert_refused(
        r#"{"data":[{"embedding":[1,2]},{"embedding":"AACAPw=="}]}"#,
        2,
        "embedding 1 has another length",
    );
}

#[test]
fn what_is_no_number_is_named() {
    assert_refused("[]", 1, "embedding 0 is empty");
    assert_refused("[[1],[]]", 2, "embedding 1 is empty");
    assert_refused("[[]]", 1, "embedding 0 is empty");
    assert_refused("[[1],[NaN]]", 2, "embedding 1 holds NaN or null");
    assert_refused("[null,1]", 1, "embedding 0 holds NaN or null");
    assert_refused("[1,-Infinity]", 1, "holds Infinity");
    assert_refused("[1,1e39]", 1, "beyond the range of 32-bit floats");
    assert_refused("[1,\"2\"]", 1, "holds something that is no number");
    assert_refused("[1,", 1, "ends in the middle");
    assert_refused("[1", 1, "unexpected end");
    assert_refused("[1 2]", 1, "a comma or the end was expected");
    assert_refused("[1,2]x", 1, "more than one value");
    assert_refused("[[1],2]", 2, "a list was expected");
    assert_refused("[01]", 1, "no number");
    assert_refused("[[[[1]]]]", 1, "none of the known shapes");
    assert_refused(
        r#"{"data":[{"embedding":null}]}"#,
        1,
        "embedding 0 is neither",
    );
    assert_refused(r#"{"data":[{"index":0}]}"#, 1, "embedding 0 is missing");
    assert_refused(
        r#"{"data":[{"embedding":[1],"embedding":[2]}]}"#,
        1,
        "embedding 0 stands twice",
    );
    assert_refused(r#"{"data":[],"data":[]}"#, 1, "stands twice");
    assert_refused(r#"{"data":[5]}"#, 1, "none of the known shapes");
    assert_refused(r#"{"data":[{"embedding":[1]}"#, 1, "it is not JSON");
    assert_refused(
        r#"{"data":[{"embedding":[1]}]}x"#,
        1,
        "it is not JSON: more than one value",
    );
    assert_refused(
        r#"{"data":[{"embedding":"AACAfw=="}]}"#,
        1,
        "embedding 0 holds NaN or Infinity",
    );
    assert_refused(
        r#"{"data":[{"embedding":"AACA*w=="}]}"#,
        1,
        "embedding 0 holds what is not base64",
    );
}

#[test]
fn a_body_that_is_something_else_says_what() {
    assert_refused("", 1, "it is empty");
    assert_refused(" \n", 1, "it is empty");
    assert_refused(
        "<!doctype html><title>Bad gateway</title>",
        1,
        "an HTML page",
    );
    assert_refused("Internal error", 1, "it is not JSON");
    assert_refused("null", 1, "none of the known shapes");
    assert_refused("{}", 1, "none of the known shapes");
    assert_refused(
        r#"{"error":"Model is overloaded"}"#,
        1,
        "the server says: Model is overloaded",
    );
    assert_refused(
        r#"{"error":{"message":"no such model"}}"#,
        1,
        "the server says: no such model",
    );
}

#[test]
fn deep_and_long_input_is_refused_without_harm() {
    assert_refused(&"[".repeat(100_000), 1, "it is not JSON: nested too deeply");
    assert_refused(&format!("{{\"data\":{}", "[".repeat(100_000)), 1, "");
    assert_refused(
        &format!("{{\"x\":{}", "[".repeat(100_000)),
        1,
        "it is not JSON: nested too deeply",
    );
    // A row that is longer than all others together must not reserve room for as many rows of its length.
    let row = "1,".repeat(100_000);
    assert_refused(&format!("[[{row}1],[1]]"), 1_000_000, "has another length");
}

#[test]
fn recordings_match_a_plain_parse() {
    let Ok(folder) = std::env::var("HFETCH_FIXTURES") else {
        return;
    };
    for name in [
        "hub-featext-albert-1d.1",
        "js-featext-1d",
        "js-embeddings-sambanova-float",
        "tei-embed-mrl128-single",
    ] {
        let body = std::fs::read(format!("{folder}/{name}.json")).unwrap();
        let tree: Value = serde_json::from_slice(&body).unwrap();
        let plain = tree
            .pointer("/data/0/embedding")
            .or(tree.get(0).filter(|row| row.is_array()))
            .unwrap_or(&tree);
        let plain: Vec<f32> = plain
            .as_array()
            .unwrap()
            .iter()
            .map(|number| number.to_string().parse().unwrap())
            .collect();
        let found = decode(&body, 1).unwrap();
        assert_eq!(found.dimensions, plain.len(), "{name}");
        assert_eq!(found.values, plain, "{name}");
    }
    let body = std::fs::read(format!("{folder}/openai-embed-base64.json")).unwrap();
    let found = decode(&body, 1).unwrap();
    assert_eq!(
        (found.dimensions, found.usage.unwrap().prompt_tokens),
        (1536, 4.0)
    );
    let text = serde_json::from_slice::<Value>(&body).unwrap()["data"][0]["embedding"]
        .as_str()
        .unwrap()
        .to_string();
    assert_eq!(base64::encode_floats(&found.values), text);
}

fn finite() -> impl Strategy<Value = f32> {
    any::<f32>().prop_filter("a number", |value| value.is_finite())
}

fn table() -> impl Strategy<Value = Vec<Vec<f32>>> {
    (1..6usize, 1..20usize).prop_flat_map(|(rows, length)| {
        prop::collection::vec(prop::collection::vec(finite(), length), rows)
    })
}

proptest! {
    #[test]
    fn any_table_comes_back_from_any_shape(table in table(), order in any::<prop::sample::Index>(), pretty: bool, text: bool) {
        let write = |value: &Value| if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) }.unwrap();
        let numbers: Vec<Value> = table.iter().map(|row| {
            Value::Array(row.iter().map(|value| serde_json::from_str(&format!("{value}")).unwrap()).collect())
        }).collect();
        let bare = decode(write(&Value::Array(numbers.clone())).as_bytes(), table.len()).unwrap();
        prop_assert_eq!(&rows(&bare), &table);
        let single_tokens = Value::Array(numbers.iter().map(|row| json!([row])).collect());
        let pooled = decode(write(&single_tokens).as_bytes(), table.len()).unwrap();
        prop_assert_eq!(&rows(&pooled), &table);
        let mut data: Vec<Value> = table.iter().enumerate().map(|(index, row)| {
            let embedding = if text { Value::String(base64::encode_floats(row)) } else { numbers[index].clone() };
            json!({"index": index, "embedding": embedding})
        }).collect();
        let turn = order.index(data.len());
        data.rotate_left(turn);
        let list = decode(write(&json!({"data": data, "model": "m"})).as_bytes(), table.len()).unwrap();
        prop_assert_eq!(&rows(&list), &table);
    }

    #[test]
    fn numbers_of_every_spelling_between_every_space(
        texts in prop::collection::vec(prop_oneof![
            r"-?[0-9]\.[0-9]{1,20}",
            r"-?[0-9]\.[0-9]{1,20}",
            r"-?[0-9]\.[0-9]{1,20}",
            r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,40})?([eE][+-]?[0-9])?",
        ], 1..100),
        space in r"[ \n\t]{0,2}",
    ) {
        let row = texts.join(&[",", &space].concat());
        let expected: Vec<f32> = texts.iter().map(|text| text.parse().unwrap()).collect();
        for body in [format!("[{row}]"), format!("[[{space}{row}{space}]]"), format!(r#"{{"data":[{{"embedding":[{row}]}}]}}"#)] {
            let found = decode(body.as_bytes(), 1).unwrap();
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&found.values), bits(&expected), "{}", body);
        }
    }

    #[test]
    fn a_cut_body_is_refused(table in table(), cut in any::<prop::sample::Index>(), list: bool) {
        let body = if list {
            let data: Vec<Value> = table.iter().map(|row| json!({"embedding": row})).collect();
            json!({"data": data}).to_string()
        } else {
            json!(table).to_string()
        };
        let end = cut.index(body.len());
        prop_assert!(decode(&body.as_bytes()[..end], table.len()).is_err());
    }

    #[test]
    fn any_bytes_are_answered(body in "[\\[\\]{},:\"0-9.eE\\- daatmbeinx]{0,60}", bytes: Vec<u8>, inputs in 0..4usize) {
        let _ = decode(body.as_bytes(), inputs);
        let _ = decode(&bytes, inputs);
    }
}

#[test]
fn what_stands_beyond_the_inputs_is_not_read() {
    for body in ["[[1],[2],[3],x", "[[[1]],[[2]],[[3]],x"] {
        let error = decode(body.as_bytes(), 2).unwrap_err();
        assert!(
            error.message.ends_with("3 embeddings for 2 inputs"),
            "{}",
            error.message
        );
    }
}
