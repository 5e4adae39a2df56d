//! The text of a file inside a request, if it is text: by its type, or by its bytes, whatever the type says.

/// The text in a data URL or in plain base64; `None` if it isn't text.
pub fn text(url: &[u8]) -> Option<String> {
    let Some(rest) = url.strip_prefix(b"data:") else {
        return sound(decode(url));
    };
    let comma = rest.iter().position(|byte| *byte == b',')?;
    let (media_type, data) = (rest.get(..comma)?, rest.get(comma + 1..)?);
    let essence = media_type.split(|byte| *byte == b';').next()?;
    let is_text = essence.starts_with(b"text/")
        || [&b"json"[..], b"xml", b"yaml"]
            .iter()
            .any(|name| essence.ends_with(name));
    let bytes = if media_type.ends_with(b";base64") {
        decode(data)
    } else {
        data.to_vec()
    };
    match is_text {
        true => Some(String::from_utf8_lossy(&bytes).into_owned()),
        false => sound(bytes),
    }
}

/// The bytes as text, for servers that examine the bytes; a PDF may look like text at its beginning.
fn sound(bytes: Vec<u8>) -> Option<String> {
    let is_pdf = bytes.starts_with(b"%PD");
    String::from_utf8(bytes).ok().filter(|_| !is_pdf)
}

/// Decodes base64 in either alphabet. Other characters are skipped, since the result is needed only for an estimate.
fn decode(data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(data.len());
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in data {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_is_text() {
        let table = [
            (
                "data:text/plain;base64,SGVsbG8sIHfDvHJsZA==",
                Some("Hello, würld"),
            ),
            ("data:text/markdown;charset=utf-8;base64,SGk", Some("Hi")),
            ("data:application/json;base64,e30=", Some("{}")),
            ("data:text/plain,as it stands", Some("as it stands")),
            ("data:application/pdf;base64,JVBERi0=", None),
            ("data:;base64,SGk=", Some("Hi")),
            ("data:application/octet-stream;base64,SGk=", Some("Hi")),
            ("data:application/octet-stream;base64,/+4=", None),
            ("data:text/plain", None),
            ("SGVsbG8=", Some("Hello")),
            ("https://files.example/a", None),
        ];
        for (url, expected) in table {
            assert_eq!(text(url.as_bytes()).as_deref(), expected, "{url}");
        }
    }
}
