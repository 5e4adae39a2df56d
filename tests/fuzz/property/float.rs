//! Decimal text is read as the nearest f32 and f64, compared with the standard library's parser.

use hfetch::json;
use hfetch::wire::float;

pub fn hold(data: &[u8]) {
    let grammar = json_number(data);
    let found = float::number(data);
    let Some(length) = grammar else {
        assert!(found.is_none(), "no JSON number: {found:?}");
        return;
    };
    let text = std::str::from_utf8(&data[..length]).unwrap();
    let (value, rest) = found.expect(text);
    assert_eq!(rest, &data[length..]);
    let nearest: f32 = text.parse().unwrap();
    assert_eq!(value.to_bits(), nearest.to_bits(), "{text}");
    let exact: f64 = text.parse().unwrap();
    if let Some(number) = json::exact_number(text.as_bytes()) {
        assert_eq!(number.to_bits(), exact.to_bits(), "{text}");
    }
    close(json::number(text.as_bytes()), exact, text);
}

/// Equal within a few units in the last place, of which a subnormal number has fewer.
fn close(number: f64, exact: f64, text: &str) {
    assert_eq!(
        number.is_sign_negative(),
        exact.is_sign_negative(),
        "{text}"
    );
    let near = if exact.is_finite() && number.is_finite() {
        (number - exact).abs() <= exact.abs() * 1e-14 + 1e-307
    } else {
        // The border itself may be rounded to either side.
        number == exact || number.abs().min(exact.abs()) > 1.797e308
    };
    assert!(near, "{text}: {number} is not {exact}");
}

/// The length of the JSON number at the start, by the grammar of RFC 8259; `None` if digits are missing.
fn json_number(data: &[u8]) -> Option<usize> {
    let at = |at: usize| data.get(at).copied().unwrap_or(0);
    let digits = |from: usize| {
        let count = data[from.min(data.len())..].iter();
        count.take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut end = usize::from(at(0) == b'-');
    let whole = digits(end);
    if whole == 0 || (whole > 1 && at(end) == b'0') {
        return None;
    }
    end += whole;
    if at(end) == b'.' {
        let fraction = digits(end + 1);
        if fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    }
    if matches!(at(end), b'e' | b'E') {
        let sign = usize::from(matches!(at(end + 1), b'+' | b'-'));
        let exponent = digits(end + 1 + sign);
        if exponent == 0 {
            return None;
        }
        end += 1 + sign + exponent;
    }
    Some(end)
}
