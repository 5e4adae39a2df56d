//! Runs every input of the corpus through its property: a fault that the fuzzer has found once would be found again.

use std::fs;
use std::path::Path;

use crate::property;

type Property = fn(&[u8]);

const TARGETS: [(&str, Property); 10] = [
    ("framing", property::framing::hold),
    ("template", property::template::hold),
    ("float", property::float::hold),
    ("header", property::header::hold),
    ("config", property::config::hold),
    ("limiter", property::limiter::hold),
    ("request", property::request::hold),
    ("embedding", property::embedding::hold),
    ("failure", property::failure::hold),
    ("call", property::call::hold),
];

#[test]
fn every_input_of_the_corpus_holds() {
    for (name, hold) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fuzz/corpus")
            .join(name);
        let mut inputs = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            hold(&fs::read(&path).unwrap());
            inputs += 1;
        }
        assert!(inputs > 0, "{name} has no corpus");
    }
}

#[test]
fn every_target_has_its_file_and_its_entry() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(
            folder.join("targets").join(format!("{name}.rs")).exists(),
            "{name}"
        );
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
    assert_eq!(
        fs::read_dir(folder.join("targets")).unwrap().count(),
        TARGETS.len()
    );
}
