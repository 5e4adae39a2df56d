//! Decimal text to the nearest f32, against the standard library's parser.

use hfetch::wire::float::{number, plain_numbers};
use proptest::prelude::*;

fn nearest(text: &str) -> f32 {
    let (value, rest) = number(text.as_bytes()).unwrap_or_else(|| panic!("{text} is a number"));
    assert!(rest.is_empty(), "{text} was read to its end");
    value
}

#[track_caller]
fn assert_nearest(text: &str) {
    let expected: f32 = text.parse().unwrap();
    assert_eq!(nearest(text).to_bits(), expected.to_bits(), "{text}");
}

/// The decimal half-way between the f32 of these bits and the next one up, in full.
fn half_way(bits: u32) -> String {
    let (low, high) = (f32::from_bits(bits), f32::from_bits(bits + 1));
    let middle = (f64::from(low) + f64::from(high)) / 2.0;
    // Points half-way between two f32 have at most 149 + 1 decimals.
    let text = format!("{middle:.150}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[test]
fn ordinary_numbers() {
    for text in [
        "0",
        "-0",
        "1",
        "-1",
        "0.5",
        "0.1",
        "0.3",
        "1e0",
        "1E5",
        "1e+5",
        "1.5e-3",
        "123456789",
        "0.0026079164817929268",
        "-0.341085821390152",
        "-8.787423e-33",
        "3.4028235e38",
        "16777216",
        "16777217",
        "16777219",
        "33554435",
        "0.000000000000000000000001",
        "100000000000000000000000000000000000000",
        "9007199254740993",
        "18446744073709551615",
        "18446744073709551616",
    ] {
        assert_nearest(text);
    }
}

#[test]
fn the_ends_of_the_range() {
    for text in [
        "1e-45",
        "7e-46",
        "7.006492321624085e-46",
        "7.006492321624086e-46",
        "1e-46",
        "1e-400",
        "1.1754943508222875e-38",
        "1.1754942807573643e-38",
        "1.17549431578e-38",
        "3.4028235677973366e38",
        "3.4028235677973365e38",
        "3.4028236e38",
        "1e39",
        "1e400",
        "-1e400",
        "0e999999999999999999999",
        "1e-999999999999999999999",
        "0.0e5",
        "340282356779733661637539395458142568447.9",
        "340282356779733661637539395458142568448",
    ] {
        assert_nearest(text);
    }
}

#[test]
fn zero_keeps_its_sign() {
    assert!(nearest("-0").is_sign_negative());
    assert!(nearest("-1e-400").is_sign_negative());
    assert!(nearest("0").is_sign_positive());
}

#[test]
fn a_decimal_next_to_a_half_way_point_is_not_rounded_twice() {
    // As an f64 each of them is 1 + 2^-24 exactly, which rounds to even and would lose the last digit.
    assert_eq!(nearest("1.000000059604644775390625"), 1.0);
    assert_eq!(nearest("1.0000000596046447753906250000000001"), 1.000_000_1);
    assert_eq!(nearest("1.0000000596046447753906249999999999"), 1.0);
    let zeros = "0".repeat(5000);
    assert_eq!(
        nearest(&format!("1.000000059604644775390625{zeros}1")),
        1.000_000_1
    );
    assert_eq!(nearest(&format!("1.000000059604644775390625{zeros}")), 1.0);
}

#[test]
fn leading_zeros_and_an_exponent_cancel() {
    let zeros = "0".repeat(3000);
    assert_eq!(nearest(&format!("0.{zeros}12345e3001")), 1.2345);
    assert_eq!(nearest(&format!("12345{zeros}e-3004")), 1.2345);
}

#[test]
fn what_is_no_json_number_is_refused() {
    for text in [
        "",
        "-",
        "+1",
        ".5",
        "-.5",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "01",
        "-00",
        "NaN",
        "Infinity",
        "-Infinity",
        "null",
        "\"1\"",
        " 1",
        "x",
    ] {
        assert_eq!(number(text.as_bytes()), None, "{text:?}");
    }
}

#[test]
fn reading_stops_where_the_number_ends() {
    assert_eq!(number(b"1.5,2"), Some((1.5, &b",2"[..])));
    assert_eq!(number(b"12345678]"), Some((12_345_678.0, &b"]"[..])));
    assert_eq!(number(b"0x10"), Some((0.0, &b"x10"[..])));
    assert_eq!(number(b"1e5e5"), Some((1e5, &b"e5"[..])));
}

/// The numbers at the beginning of a text, and the rest of the text.
fn plain(text: &str) -> (Vec<f32>, &str) {
    let mut values = Vec::new();
    let at = plain_numbers(text.as_bytes(), 0, &mut values);
    (values, &text[at..])
}

/// A number must have as many bytes before it as are examined together.
const BEFORE: &str = "-0.12345678901234567890123456789,";

#[test]
fn plain_numbers_end_where_one_is_not() {
    let tail = "0.5,".repeat(40);
    for odd in [
        "7,",
        "1e5,",
        "0.5e1,",
        "0.,",
        ".5,",
        "-.5,",
        "--0.5,",
        "+0.5,",
        "00.5,",
        "10.5,",
        "0.5 ,",
        "0.5x,",
        "0.x5,",
        "x.5,",
        "0x5,",
        "-,",
        ",",
        "\"0.5\",",
        "0.5.5,",
        "0.5],",
        "0.-5,",
        "0.5-,",
        "0.1234567890123456789x123456789,",
        "0.123456789x1234567890123456789,",
        "0.1234567890123456789012345678901,",
        "-0.12345678901234567890123456789012,",
        // Half-way between two f32, or next to it.
        "1.000000059604644775390625,",
        "1.00000005960464478,",
        "-0.50000002980232238769,",
    ] {
        let odd = [odd, &tail].concat();
        let text = [BEFORE, &odd].concat();
        assert_eq!(plain(&text), (vec![-0.123_456_79], &*odd));
        let text = [BEFORE, "0.5, ", &odd].concat();
        assert_eq!(plain(&text), (vec![-0.123_456_79, 0.5], &*odd));
    }
}

#[test]
fn plain_numbers_of_every_length() {
    let tail = "0.5,".repeat(40);
    for digits in 1..=29 {
        for sign in ["", "-"] {
            let number = [sign, "0.", &"9876543210".repeat(3)[..digits]].concat();
            let text = [BEFORE, &number, ", ", &tail].concat();
            let (values, rest) = plain(&text);
            assert_eq!(values[1].to_bits(), nearest(&number).to_bits(), "{number}");
            assert!(rest.len() < 64 && rest.starts_with("0.5,"), "{rest}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn plain_numbers_are_read_like_each_alone(
        texts in prop::collection::vec(prop_oneof![r"-?[0-9]\.[0-9]{1,29}", r"-?0\.0[0-9]{7,10}", r"-?0\.0[0-9]{16,19}"], 1..40),
        spaced: bool,
    ) {
        let text = texts.join(if spaced { ", " } else { "," });
        let (values, rest) = plain(&text);
        for (value, text) in values.iter().zip(&texts) {
            prop_assert_eq!(value.to_bits(), nearest(text).to_bits(), "{}", text);
        }
        let left = texts.get(values.len()..).unwrap_or_default();
        prop_assert!(rest.starts_with(left.first().map_or("", |text| text.as_str())));
    }

    #[test]
    fn every_spelling_is_rounded_correctly(text in r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?") {
        assert_nearest(&text);
    }

    #[test]
    fn every_f32_survives_its_shortest_decimal(bits: u32) {
        let value = f32::from_bits(bits);
        prop_assume!(value.is_finite());
        prop_assert_eq!(nearest(&value.to_string()).to_bits(), bits);
        prop_assert_eq!(nearest(&format!("{value:e}")).to_bits(), bits);
        // The way in which Python prints an f32 that is stored as a double.
        prop_assert_eq!(nearest(&f64::from(value).to_string()).to_bits(), bits);
    }

    #[test]
    fn half_way_points_and_their_neighbours(bits in 0u32..0x7f7f_ffff, place in 0usize..40, digit in 0u8..10) {
        let exact = half_way(bits);
        assert_nearest(&exact);
        let point = if exact.contains('.') { "" } else { "." };
        let above = format!("{exact}{point}{}{}", "0".repeat(place), digit);
        assert_nearest(&above);
        // One unit less in the last decimal.
        let mut below = exact.into_bytes();
        if let Some(last) = below.iter().rposition(|b| matches!(b, b'1'..=b'9')) {
            below[last] -= 1;
            let mut below = String::from_utf8(below).unwrap();
            below.push_str(point);
            below.push_str(&"9".repeat(place + 1));
            assert_nearest(&below);
        }
    }

    #[test]
    fn any_bytes_are_read_like_the_standard_library_or_refused(text in "[-+0-9.eE ]{0,12}") {
        let strict = serde_json::from_str::<serde_json::Number>(&text).is_ok() && !text.contains(' ');
        let whole = number(text.as_bytes()).is_some_and(|(_, rest)| rest.is_empty());
        prop_assert_eq!(whole, strict);
    }
}
