//! SECURITY.md: what it links to is there, and what it says of the sources is so.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_claim_leads_to_a_file() {
    let text = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let links: Vec<&str> = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .collect();
    assert!(links.len() > 15, "{} links", links.len());
    for link in links {
        assert!(root().join(link).exists(), "{link}");
    }
}

#[test]
fn there_is_no_unsafe_code() {
    for path in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.replace("forbid(unsafe_code)", "");
        assert!(!code.contains("unsafe "), "{}", path.display());
    }
}

#[test]
fn every_module_of_the_core_forbids_unsafe_code() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for module in ["config", "error", "json", "policy", "wire"] {
        let forbidden = ["#[forbid(unsafe_code)]\npub mod ", module, ";"].concat();
        assert!(text.contains(&forbidden), "{module}");
    }
}
