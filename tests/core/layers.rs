//! Dependencies go in one direction: js → call → config → {wire, policy} → field → {error, json, spelling, text, unit}; wire and
//! policy don't know each other.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// The layer of a source file: the first name below `src`.
fn layer(path: &Path) -> String {
    let below = path.strip_prefix("src").expect("below src");
    let first = below.iter().next().expect("a name").to_string_lossy();
    first.trim_end_matches(".rs").to_string()
}

#[test]
fn arrows_go_down_only() {
    let allowed: &[(&str, &[&str])] = &[
        ("unit", &["unit"]),
        ("text", &["text"]),
        ("error", &["error", "unit", "text"]),
        ("json", &["json"]),
        ("spelling", &["spelling"]),
        (
            "wire",
            &["wire", "error", "field", "json", "spelling", "text", "unit"],
        ),
        ("field", &["field", "error", "json", "spelling", "text"]),
        (
            "policy",
            &["policy", "unit", "error", "field", "json", "text"],
        ),
        (
            "config",
            &["config", "policy", "error", "field", "json", "text", "unit"],
        ),
        ("held", &["held"]),
        ("trap", &["trap"]),
        (
            "call",
            &[
                "call", "config", "policy", "wire", "error", "json", "held", "text", "trap", "unit",
            ],
        ),
    ];
    let mut read = 0;
    for path in sources(Path::new("src")) {
        let Some((_, targets)) = allowed.iter().find(|(name, _)| *name == layer(&path)) else {
            continue;
        };
        read += 1;
        let text = fs::read_to_string(&path).expect("a readable source");
        for (at, _) in text.match_indices("crate::") {
            let target: String = text[at + 7..]
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect();
            assert!(
                targets.contains(&target.as_str()),
                "{} names crate::{target}",
                path.display()
            );
        }
        for foreign in [
            "js_sys",
            "web_sys",
            "wasm_bindgen",
            "gloo_net",
            "serde_wasm_bindgen",
        ] {
            assert!(
                !text.contains(foreign),
                "{} names {foreign}",
                path.display()
            );
        }
        for io in [
            "std::fs",
            "std::net",
            "std::time",
            "std::env",
            "std::thread",
            "println!",
        ] {
            assert!(!text.contains(io), "{} does I/O: {io}", path.display());
        }
    }
    assert!(read >= 30, "only {read} sources of the core were read");
}
