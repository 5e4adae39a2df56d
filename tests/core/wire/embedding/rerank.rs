//! Reranking: the URL of a request, its bodies, and answers in every documented form.

use super::{DEFAULTS, ROUTER};
use hfetch::error::{Class, Error};
use hfetch::unit::Usd;
use hfetch::wire::embedding::EmbeddingRequest;
use hfetch::wire::embedding::request::{Bounds, Endpoint};
use hfetch::wire::embedding::rerank::{decode, read};
use hfetch::wire::request::Prompt;

fn on(endpoint: Endpoint<'_>, body: &str) -> Result<EmbeddingRequest, Error> {
    read(body, DEFAULTS, endpoint)
}

fn at(base_url: &str) -> Endpoint<'_> {
    Endpoint {
        base_url,
        is_router: false,
        address: None,
    }
}

#[test]
fn the_router_classifies_pairs_and_other_servers_rerank() {
    let body =
        r#"{"model":"org/re","query":"a \"q\"","documents":["x","y"],"top_n":1,"truncate":true}"#;
    let request = on(ROUTER, body).unwrap();
    assert_eq!(
        request.url,
        "https://router.huggingface.co/hf-inference/models/org/re"
    );
    assert_eq!(
        request.body(0..2),
        r#"{"inputs":[{"text":"a \"q\"","text_pair":"x"},{"text":"a \"q\"","text_pair":"y"}],"truncate":true}"#
    );
    assert_eq!(request.provider.as_deref(), Some("hf-inference"));
    assert_eq!(request.most, Some(1.0));
    for (base, url) in [
        ("http://tei:80/v1", "http://tei:80/rerank"),
        ("http://tei:80/path", "http://tei:80/path/rerank"),
    ] {
        let request = on(at(base), body).unwrap();
        assert_eq!(request.url, url);
        assert_eq!(
            request.body(0..2),
            r#"{"model":"org/re","query":"a \"q\"","texts":["x","y"],"truncate":true}"#
        );
        assert_eq!(request.provider, None);
    }
    let suffixed = r#"{"model":"org/re:hf-inference","query":"q","documents":["x"]}"#;
    assert!(on(ROUTER, suffixed).unwrap().url.ends_with("/org/re"));
}

#[test]
fn the_pairs_around_inputs_count_for_a_batch() {
    let body = r#"{"query":"0123456789","documents":["aaaa","bbbb","cccc"]}"#;
    let request = on(ROUTER, body).unwrap();
    let one = request.body(0..1).len();
    let bounds = |bytes| Bounds { inputs: 32, bytes };
    assert_eq!(request.batches(bounds(one + 1)), [0..1, 1..2, 2..3]);
    let all = request.body(0..3).len();
    assert_eq!(request.batches(bounds(all + 1)).len(), 1);
    for batch in request.batches(bounds(one * 2)) {
        assert!(request.body(batch).len() <= one * 2);
    }
}

#[test]
fn the_query_is_paid_with_each_document() {
    let request = on(ROUTER, r#"{"query":"what is asked","documents":["x"]}"#).unwrap();
    let mut heard = Vec::new();
    request.beside(&mut |piece| {
        if let Prompt::Text(text) = piece {
            heard.push(text.to_string());
        }
    });
    assert!(
        heard.iter().any(|text| text == "what is asked"),
        "{heard:?}"
    );
}

#[test]
fn bad_bodies_name_the_field() {
    for (body, path) in [
        (r#"{"query":"q"}"#, "documents"),
        (r#"{"query":"q","documents":[]}"#, "documents"),
        (r#"{"query":"q","documents":"x"}"#, "documents"),
        (r#"{"query":"q","documents":[1]}"#, "documents"),
        (r#"{"query":"q","documents":[[1]]}"#, "documents"),
        (r#"{"query":"q","documents":[{"text":"x"}]}"#, "documents"),
        (r#"{"query":"q","documents":["x",1]}"#, "documents[1]"),
        (r#"{"documents":["x"]}"#, "query"),
        (r#"{"query":"","documents":["x"]}"#, "query"),
        (r#"{"query":5,"documents":["x"]}"#, "query"),
        (r#"{"query":"q","documents":["x"],"top_n":0}"#, "top_n"),
        (r#"{"query":"q","documents":["x"],"top_n":1.5}"#, "top_n"),
        (r#"{"query":"q","documents":["x"],"top_n":"1"}"#, "top_n"),
        (
            r#"{"model":"org/re:novita","query":"q","documents":["x"]}"#,
            "model",
        ),
        (r#"{"model":"../x","query":"q","documents":["x"]}"#, "model"),
    ] {
        let error = on(ROUTER, body).expect_err(body);
        assert_eq!(
            (error.class, error.path.as_deref()),
            (Class::Config, Some(path)),
            "{body}"
        );
    }
}

#[test]
fn scores_of_every_shape_stand_in_the_order_of_the_documents() {
    for answer in [
        r#"[{"index":1,"score":0.9},{"index":0,"score":0.1}]"#,
        r#"{"results":[{"index":1,"relevance_score":0.9,"document":{"text":"x"}},{"index":0,"relevance_score":0.1}]}"#,
        r#"{"data":[{"index":0,"score":0.1},{"index":1,"score":0.9}]}"#,
        r#"[{"label":"LABEL_0","score":0.1},{"label":"LABEL_0","score":0.9}]"#,
        r#"[[{"label":"LABEL_0","score":0.1}],[{"label":"LABEL_0","score":0.9}]]"#,
        r#"[[{"label":"LABEL_0","score":0.1},{"label":"LABEL_0","score":0.9}]]"#,
        "[0.1, 0.9]",
    ] {
        let found =
            decode(answer.as_bytes(), 2).unwrap_or_else(|error| panic!("{answer}: {error}"));
        assert_eq!(found.values, [0.1, 0.9], "{answer}");
    }
    let told = r#"{"model":"re","results":[{"index":0,"score":1}],"usage":{"prompt_tokens":3,"total_tokens":3,"cost":0.5}}"#;
    let found = decode(told.as_bytes(), 1).unwrap();
    assert_eq!(found.model.as_deref(), Some("re"));
    assert_eq!(found.usage.map(|usage| usage.total_tokens), Some(3.0));
    assert_eq!(found.beside.usd, Some(Usd(0.5)));
}

#[test]
fn what_is_no_score_for_each_document_is_an_error() {
    for answer in [
        "",
        "<html>",
        "{}",
        "[]",
        "null",
        r#"{"error":"no"}"#,
        r#"[{"index":0,"score":0.1}]"#,
        r#"[{"index":0,"score":0.1},{"index":0,"score":0.2}]"#,
        r#"[{"index":0,"score":0.1},{"index":7,"score":0.2}]"#,
        r#"[{"index":-1,"score":0.1},{"index":1,"score":0.2}]"#,
        r#"[{"index":0,"score":null},{"index":1,"score":0.2}]"#,
        r#"[{"index":0,"score":"0.1"},{"index":1,"score":0.2}]"#,
        r#"[{"index":0,"score":1e999},{"index":1,"score":0.2}]"#,
        r#"[0.1, 0.2, 0.3]"#,
    ] {
        let error = decode(answer.as_bytes(), 2).expect_err(answer);
        assert_eq!(error.class, Class::Api, "{answer}");
    }
}

#[test]
fn the_same_documents_go_to_another_model() {
    let body = r#"{"model":"org/re","query":"q","documents":["x","y"],"truncate":true}"#;
    let request = on(ROUTER, body).unwrap();
    let way = request.way("org/other", ROUTER).unwrap();
    assert!(way.url.ends_with("/hf-inference/models/org/other"));
    assert_eq!(request.body_on(&way, 0..2), request.body(0..2));
    let other = at("http://tei/v1");
    let request = on(other, body).unwrap();
    let way = request.way("org/other", other).unwrap();
    assert_eq!(
        request.body_on(&way, 1..2),
        r#"{"model":"org/other","query":"q","texts":["y"],"truncate":true}"#
    );
    assert!(
        on(ROUTER, body)
            .unwrap()
            .way("org/other:novita", ROUTER)
            .is_err()
    );
}
