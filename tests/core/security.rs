//! SECURITY.md: its links lead somewhere, and what it says about the sources is true.

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

/// Whether a test's source has a test with that title, or a check with that name.
fn is_titled(source: &str, title: &str) -> bool {
    let forms = [
        ["\"", title, "\""],
        ["`", title, "`"],
        ["`", title, "${"],
        ["fn ", title, "("],
    ];
    forms.iter().any(|form| source.contains(&form.concat()))
}

#[test]
fn every_link_leads_to_a_file_and_to_a_test_by_its_title() {
    let text = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let links = text.split("](").skip(1).map(|rest| {
        let link = &rest[..rest.find(')').unwrap()];
        link.split_once(' ').unwrap_or((link, ""))
    });
    let mut tests = 0;
    for (path, title) in links {
        let source = fs::read_to_string(root().join(path)).expect(path);
        if path.starts_with("tests/") {
            let title = title.trim_matches('"');
            assert!(!title.is_empty(), "{path} by no title");
            assert!(is_titled(&source, title), "{path} has no \"{title}\"");
            tests += 1;
        }
    }
    assert!(tests > 20, "{tests} tests");
}

/// A paragraph without a link is the introduction of a list.
#[test]
fn every_claim_has_a_test() {
    let text = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let (_, rest) = text.split_once("## What each could do").unwrap();
    let (claims, _) = rest.split_once("\n## ").unwrap();
    let mut lines = claims
        .lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .peekable();
    while let Some(line) = lines.next() {
        let begins_list = lines.peek().is_some_and(|next| next.starts_with("- "));
        assert!(line.contains("](tests/") || begins_list, "{line}");
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
