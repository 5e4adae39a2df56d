//! Base64 of floats, strictly.

use hfetch::wire::embedding::base64::{decode_floats, encode_floats};
use proptest::prelude::*;

fn decoded(text: &str) -> Result<Vec<f32>, &'static str> {
    let mut floats = Vec::new();
    let count = decode_floats(text.as_bytes(), &mut floats)?;
    assert_eq!(count, floats.len());
    Ok(floats)
}

#[test]
fn known_texts() {
    assert_eq!(decoded("AACAPw==").unwrap(), [1.0]);
    assert_eq!(decoded("AACAPwAAAEA=").unwrap(), [1.0, 2.0]);
    assert_eq!(decoded("AACAPwAAAEAAAEBA").unwrap(), [1.0, 2.0, 3.0]);
    assert_eq!(encode_floats(&[1.0]), "AACAPw==");
    assert_eq!(encode_floats(&[1.0, 2.0]), "AACAPwAAAEA=");
    assert_eq!(encode_floats(&[]), "");
}

#[test]
fn what_is_not_strict_is_refused() {
    for text in [
        "",
        "=",
        "====",
        "A===",
        "AACAPw",
        "AACAPw=",
        "AACAPw===",
        "AAC=Pw==",
        "AACAPw==AACAPw==",
        "AAAA",
        "AACA",
        "AACAPwAA",
        "AACA-w==",
        "AACA_w==",
        "AACA w==",
        "AACA\nPw=",
        "AACAPx==",
        "AACAPwAAAEB=",
        "AACAPwAA*EAAAEBA",
        "\u{e9}CAPw==",
    ] {
        assert!(decoded(text).is_err(), "{text:?}");
    }
}

#[test]
fn no_single_other_byte_passes() {
    let good = encode_floats(&[1.0; 8]);
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    for place in 0..good.len() - 2 {
        for byte in (0..=255).filter(|byte| !alphabet(*byte)) {
            let mut text = good.clone().into_bytes();
            text[place] = byte;
            assert!(
                decode_floats(&text, &mut Vec::new()).is_err(),
                "{byte} at {place}"
            );
        }
    }
}

proptest! {
    #[test]
    fn floats_survive_the_round_trip(floats in prop::collection::vec(any::<f32>().prop_filter("a number", |f| f.is_finite()), 1..70)) {
        let text = encode_floats(&floats);
        prop_assert_eq!(text.len() % 4, 0);
        let bits = |floats: &[f32]| floats.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&decoded(&text).unwrap()), bits(&floats));
    }
}
