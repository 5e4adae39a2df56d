//! The estimate compared with real tokenizers' counts of the corpora, and its rules.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hfetch::policy::token::{AUDIO, Estimator, FILE, IMAGE_TOKENS, VIDEO, estimate_text};
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/token")
}

/// For each document of each corpus: the text, and the mean count of the tokenizers.
fn corpora() -> BTreeMap<String, Vec<(String, f64)>> {
    let text = fs::read_to_string(folder().join("counts.json")).unwrap();
    let counts: BTreeMap<String, BTreeMap<String, Vec<f64>>> = serde_json::from_str(&text).unwrap();
    let corpora = counts.into_iter().map(|(corpus, documents)| {
        let folder = folder().join("corpora").join(&corpus);
        assert_eq!(
            fs::read_dir(&folder).unwrap().count(),
            documents.len(),
            "{corpus}: count again"
        );
        let documents = documents.into_iter().map(|(document, counts)| {
            let mean = counts.iter().sum::<f64>() / counts.len() as f64;
            (fs::read_to_string(folder.join(document)).unwrap(), mean)
        });
        (corpus, documents.collect())
    });
    corpora.collect()
}

/// The sums over one corpus.
struct Sum {
    mean: f64,
    estimate: f64,
    /// The lowest estimate of a document, as a share of its count.
    lowest: f64,
    /// The estimate "length / 4".
    quarter: f64,
}

impl Sum {
    fn of(documents: &[(String, f64)]) -> Sum {
        let mut sum = Sum {
            mean: 0.0,
            estimate: 0.0,
            lowest: f64::INFINITY,
            quarter: 0.0,
        };
        for (text, mean) in documents {
            let estimate = estimate_text(text) as f64;
            sum.mean += mean;
            sum.estimate += estimate;
            sum.lowest = sum.lowest.min(estimate / mean);
            sum.quarter += text.encode_utf16().count() as f64 / 4.0;
        }
        sum
    }

    fn error(&self) -> f64 {
        self.estimate / self.mean - 1.0
    }

    fn error_of_quarter(&self) -> f64 {
        self.quarter / self.mean - 1.0
    }
}

/// Whole percent, never -0.
fn percent(share: f64) -> f64 {
    (share * 100.0).round() + 0.0
}

#[test]
fn each_corpus_is_within_15_percent_and_no_document_below_80() {
    let corpora = corpora();
    assert_eq!(corpora.len(), 10);
    for (corpus, documents) in &corpora {
        let sum = Sum::of(documents);
        assert!(sum.error().abs() <= 0.15, "{corpus}: {:+.3}", sum.error());
        assert!(sum.lowest >= 0.8, "{corpus}: {:.3}", sum.lowest);
    }
    for corpus in ["chinese", "japanese", "russian", "json"] {
        let error = Sum::of(&corpora[corpus]).error_of_quarter();
        assert!(
            error < -0.15,
            "{corpus}: length / 4 is off by {error:+.3} only"
        );
    }
}

#[test]
fn both_documents_have_the_table_of_errors() {
    let mut table = String::from(
        "| corpus | tokens, mean of three | estimate | error | lowest document | error of length / 4 |\n|---|--:|--:|--:|--:|--:|\n",
    );
    for (corpus, documents) in corpora() {
        let sum = Sum::of(&documents);
        table += &format!(
            "| {corpus} | {:.0} | {:.0} | {:+.0} % | {:.0} % | {:+.0} % |\n",
            sum.mean,
            sum.estimate,
            percent(sum.error()),
            percent(sum.lowest),
            percent(sum.error_of_quarter()),
        );
    }
    for document in ["README.md", "../../docs/limits-and-budget.md"] {
        let text = fs::read_to_string(folder().join(document)).unwrap();
        assert!(
            text.contains(&table),
            "{document} should have this table:\n{table}"
        );
    }
}

#[test]
fn the_smallest_texts() {
    let table = [
        ("", 0),
        (" ", 1),
        ("a", 1),
        ("\n", 1),
        ("é", 3),
        ("日本", 2),
        ("👍", 3),
        ("\u{200b}", 2),
    ];
    for (text, tokens) in table {
        assert_eq!(estimate_text(text), tokens, "{text:?}");
    }
}

#[test]
fn messages_media_and_text_add_up() {
    let mut estimator = Estimator::default();
    estimator.add_message();
    assert_eq!(estimator.tokens(), 7);
    estimator.add_text("hello");
    estimator.add_message();
    estimator.add_text("hello");
    assert_eq!(estimator.tokens(), 4 + 4 + 3 + 3);
    estimator.add_medium(IMAGE_TOKENS);
    estimator.add_medium(IMAGE_TOKENS);
    assert_eq!(estimator.tokens(), 2_014);
    estimator.add_medium(AUDIO.tokens(0));
    estimator.add_medium(VIDEO.tokens(0));
    assert_eq!(estimator.tokens(), 8_014);
}

#[test]
fn a_medium_counts_its_usual_tokens_or_a_share_of_its_bytes() {
    for (rate, bytes, tokens) in [
        (AUDIO, 0, 1_000),
        (AUDIO, 100_000, 1_000),
        (AUDIO, 100_001, 1_001),
        (AUDIO, 20_000_000, 200_000),
        (VIDEO, 400_000, 5_000),
        (VIDEO, 20_000_000, 200_000),
        (FILE, 20_000, 1_000),
        (FILE, 4_000_000, 200_000),
    ] {
        assert_eq!(rate.tokens(bytes), tokens, "{rate:?} {bytes}");
    }
}

#[test]
fn no_run_of_one_character_is_free() {
    for c in [
        ' ', '-', '=', '\n', '\t', 'a', 'A', '0', 'é', 'ж', '漢', '\u{200d}', '😀', '\0',
    ] {
        let text: String = std::iter::repeat_n(c, 10_000).collect();
        let tokens = estimate_text(&text);
        assert!((200..=30_000).contains(&tokens), "{c:?}: {tokens}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_make_no_difference(pieces in prop::collection::vec("(?s).{0,12}|[a-zA-Z äж漢\n.]{0,12}", 0..12)) {
        let mut estimator = Estimator::default();
        for piece in &pieces {
            estimator.add_text(piece);
        }
        prop_assert_eq!(estimator.tokens(), estimate_text(&pieces.concat()));
    }

    #[test]
    fn more_text_is_never_fewer_tokens(text in "(?s).{0,60}", more in "(?s).{0,20}") {
        let longer = [text.as_str(), more.as_str()].concat();
        prop_assert!(estimate_text(&longer) >= estimate_text(&text));
        prop_assert!(text.is_empty() || estimate_text(&text) >= 1);
    }
}
