//! Writes JSON.

/// Appends pieces of JSON.
#[inline(never)]
pub fn put(out: &mut Vec<u8>, pieces: &[&[u8]]) {
    for piece in pieces {
        out.extend_from_slice(piece);
    }
}

/// `text` as a JSON string, including its quotes.
pub fn quoted(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len().saturating_add(2));
    write_string(text, &mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}

/// Appends `text` as a JSON string, including its quotes.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend([byte >> 4, byte & 15].map(|half| {
                    b"0123456789abcdef"
                        .get(half as usize)
                        .copied()
                        .unwrap_or(b'0')
                }));
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Appends a whole number in digits.
pub fn write_whole(number: u64, out: &mut Vec<u8>) {
    if number >= 10 {
        write_whole(number / 10, out);
    }
    out.push(b'0' + (number % 10) as u8);
}
