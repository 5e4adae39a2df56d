//! The scanner and the value tree against serde_json.

use hfetch::json::*;
use proptest::prelude::*;

fn oracle(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(n) => Value::Number(n.to_string().parse().unwrap()),
        serde_json::Value::String(text) => Value::String(text.clone()),
        serde_json::Value::Array(list) => Value::Array(list.iter().map(oracle).collect()),
        serde_json::Value::Object(map) => {
            Value::Object(map.iter().map(|(k, v)| (k.clone(), oracle(v))).collect())
        }
    }
}

#[test]
fn what_is_json_and_what_is_not() {
    for text in [
        "0",
        "-0",
        "1.5e+3",
        "[]",
        "{}",
        " [ 1 , 2 ] ",
        r#"{"a":{"b":[null,true,false]}}"#,
        r#""\ud83d\ude00\n\/""#,
        "[\"\u{7f}\"]",
        "1E2",
        "1e-2",
        "\t\r\n 1",
    ] {
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(parse(text.as_bytes()), Ok(oracle(&expected)), "{text}");
    }
    for text in [
        "",
        " ",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "[1,]",
        "[,1]",
        "{,}",
        "{\"a\"}",
        "{\"a\":1,}",
        "{a:1}",
        "'a'",
        "\"\n\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u12",
        "\"",
        "nul",
        "nulll",
        "tru",
        "1 2",
        "[1}",
        "{\"a\":1]",
        "]",
        "NaN",
        "[1 2]",
        "\u{feff}1",
        "{\"a\" 1}",
        "\u{b}1",
        "\u{a0}1",
    ] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
        assert!(
            serde_json::from_str::<serde_json::Value>(text).is_err(),
            "{text}"
        );
    }
    assert_eq!(parse(b"\"\xff\"").unwrap_err().problem, "not UTF-8");
}

#[test]
fn depth_is_bounded_and_counted_down_again() {
    let nested = |n: usize| ["[".repeat(n), "]".repeat(n)].concat();
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(
        parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err().problem,
        "nested too deeply"
    );
    assert!(parse("[".repeat(1 << 20).as_bytes()).is_err());
    assert!(parse(format!("[{}]", vec!["[{}]"; 1000].join(",")).as_bytes()).is_ok());
}

#[test]
fn the_last_of_a_repeated_key_counts() {
    let value = parse(br#"{"a":1,"b":2,"\u0061":3}"#).unwrap();
    assert_eq!(value.get("a").and_then(Value::as_f64), Some(3.0));
    assert_eq!(value.get("c"), None);
    assert_eq!(Value::Null.get("a"), None);
}

#[test]
fn surrogates() {
    assert_eq!(unescape(br"\ud83d\ude00"), "😀");
    assert_eq!(unescape(br"\ud83dx"), "\u{fffd}x");
    assert_eq!(unescape(br"\ude00\ud83d"), "\u{fffd}\u{fffd}");
    assert!(!unescape_into(br"a\ud83d", &mut Vec::new()));
    assert!(unescape_into(br"a\u00e9\n", &mut Vec::new()));
}

#[test]
fn exact_numbers_are_exactly_those_of_a_correct_parser() {
    for text in [
        "0",
        "-0",
        "1",
        "9007199254740992",
        "0.1",
        "-2.0078125",
        "1e22",
        "123e-22",
        "1741627526.25",
        "1e21",
        "4.35",
        "1e-7",
    ] {
        let expected: f64 = text.parse().unwrap();
        let exact = exact_number(text.as_bytes()).map(f64::to_bits);
        assert_eq!(exact, Some(expected.to_bits()), "{text}");
    }
    for text in [
        "9007199254740993",
        "1e23",
        "1e400",
        "1e-400",
        "3859899181302555600",
        "0.30000000000000004",
        "100000000000000000000",
        "12345678901234567890123",
    ] {
        assert_eq!(exact_number(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn other_numbers_are_close() {
    for text in [
        "1e400",
        "-1e400",
        "1e-400",
        "1e300",
        "1.7976931348623157e308",
        "12345678901234567890123",
        "5e-324",
        "1e99999999999",
        "0.1e-9999999999",
    ] {
        let (ours, theirs) = (number(text.as_bytes()), text.parse::<f64>().unwrap());
        let close = ours == theirs
            || ((ours - theirs) / theirs).abs() < 1e-13
            || (ours - theirs).abs() < 1e-320;
        assert!(close, "{text}: {ours:e} against {theirs:e}");
    }
}

proptest! {
    #[test]
    fn what_is_skipped_is_what_is_parsed(text in r#"[\[\]{}",:\\ntu0-9e.\-a ]{0,24}"#, depth in 0usize..600) {
        let nested = ["[".repeat(depth), text.clone(), "]".repeat(depth)].concat();
        for text in [text, nested] {
            let mut scanner = Scanner::new(text.as_bytes());
            let skipped = scanner.skip().and_then(|_| scanner.end());
            prop_assert_eq!(skipped.is_ok(), parse(text.as_bytes()).is_ok(), "{}", text);
        }
    }

    #[test]
    fn strings_written_are_read_back(text in any::<String>()) {
        let mut written = Vec::new();
        write_string(&text, &mut written);
        prop_assert_eq!(serde_json::from_slice::<String>(&written).unwrap(), text.clone());
        prop_assert_eq!(parse(&written), Ok(Value::String(text)));
    }

    #[test]
    fn the_closing_quote_is_the_one_a_loop_finds(
        bytes in prop::collection::vec(prop_oneof![
            Just(b'"'), Just(b'\\'), Just(b'\\'), Just(b'u'), Just(b'n'), Just(b'0'), Just(b'#'), Just(b']'), 0x1eu8..0x24, any::<u8>(), Just(b'a'),
        ], 0..40),
        from in 0usize..12,
    ) {
        let naive = || {
            let (mut at, mut escaped) = (from, false);
            loop {
                match bytes.get(at) {
                    Some(b'"') => return Ok((at, escaped)),
                    Some(b'\\') => {
                        let tail = String::from_utf8_lossy(bytes.get(at + 1..(at + 6).min(bytes.len())).unwrap_or_default());
                        let simple = tail.starts_with(['"', '\\', '/', 'b', 'f', 'n', 'r', 't']);
                        let unicode = tail.starts_with('u') && tail.len() == 5 && tail[1..].bytes().all(|b| b.is_ascii_hexdigit());
                        at += match (simple, unicode) { (true, _) => 2, (_, true) => 6, _ => return Err(at) };
                        escaped = true;
                    }
                    Some(0..0x20) | None => return Err(at),
                    Some(_) => at += 1,
                }
            }
        };
        let found = closing_quote(&bytes, from);
        prop_assert_eq!(found.map(|closing| (closing.at, closing.escaped)), naive());
        if let Ok(closing) = found {
            prop_assert!(!closing.ascii || bytes[from..closing.at].is_ascii());
        }
    }

    #[test]
    fn what_is_escaped_comes_back(text in any::<String>(), every in 1usize..4) {
        let escaped: String = text.encode_utf16().enumerate().map(|(at, unit)| match char::from_u32(u32::from(unit)) {
            Some(c) if at % every != 0 && c != '\\' => c.to_string(),
            _ => format!("\\u{unit:04x}"),
        }).collect();
        let mut out = Vec::new();
        prop_assert!(unescape_into(escaped.as_bytes(), &mut out));
        prop_assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    #[test]
    fn exact_numbers(mantissa in any::<u64>(), digits in 0u32..20, exponent in -30i32..30) {
        let mantissa = mantissa % 10u64.pow(digits.min(19));
        for text in [format!("{mantissa}e{exponent}"), format!("-0.{mantissa}e{exponent}"), format!("{mantissa}.0{mantissa}")] {
            let expected: f64 = text.parse().unwrap();
            if let Some(exact) = exact_number(text.as_bytes()) {
                prop_assert_eq!(exact.to_bits(), expected.to_bits(), "{}", text);
            }
            prop_assert!(expected == 0.0 || ((number(text.as_bytes()) - expected) / expected).abs() < 1e-13);
        }
    }

    #[test]
    fn lists_of_words_are_judged_as_by_a_correct_parser(
        words in prop::collection::vec(prop_oneof![
            8 => prop::sample::select(vec!["true", "false", "null"]),
            1 => prop::sample::select(vec!["", "1", "\"a\"", "[true]", "tru", "fals", "falsy", "nulL", "truer", "falsee", "mull", "vrue", "trrue"]),
        ], 0..8),
        between in prop_oneof![8 => Just(","), 1 => prop::sample::select(vec![", ", " ,", ",,", ";", ""])],
        (before, after) in prop_oneof![8 => Just(("[", "]")), 1 => prop::sample::select(vec![("", ""), ("[", ""), ("{\"a\":", "}"), ("[[", "],0]")])],
    ) {
        let text = [before, &words.join(between), after].concat();
        let mut scanner = Scanner::new(text.as_bytes());
        let skipped = scanner.skip().and_then(|_| scanner.end());
        prop_assert_eq!(skipped.is_ok(), serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
    }

    #[test]
    fn garbage_is_judged_as_by_a_correct_parser(text in r#"[\[\]{}",:\\ntu0-9e.\-a ]{0,24}"#) {
        prop_assert_eq!(parse(text.as_bytes()).is_ok(), serde_json::from_str::<serde_json::Value>(&text).is_ok()
            || (text.contains("\\u") && parse(text.as_bytes()).is_ok()), "{}", text);
    }
}
