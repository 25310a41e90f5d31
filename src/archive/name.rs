//! Names of members. They are only shown and compared, never written to; odd ones are refused all the same.

use std::borrow::Cow;

/// A name with `/` between its folders; or what is wrong with it.
pub(super) fn checked(raw: &[u8], utf8: bool) -> Result<String, String> {
    let text = match std::str::from_utf8(raw) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) if utf8 => return Err("a member's name is not UTF-8".into()),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(raw).0,
    };
    let shown =
        || -> String { text.chars().map(|c| if c.is_control() { '?' } else { c }).take(80).collect() };
    let name = text.replace('\\', "/");
    let wrong = if name.is_empty() {
        "is empty"
    } else if name.chars().any(char::is_control) {
        "has control characters"
    } else if name.starts_with('/') {
        "is an absolute path"
    } else if name.contains(':') {
        "names a drive or a stream"
    } else if name.split('/').any(|part| part == "..") {
        "leads out of the archive"
    } else {
        return Ok(name);
    };
    Err(format!("the member name `{}` {wrong}", shown()))
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        assert_eq!(checked(b"c\\123456", false), Ok("c/123456".into()));
        assert_eq!(checked(b"a..b/...", false), Ok("a..b/...".into()));
        assert_eq!(checked(b"caf\xe9.xml", false), Ok("caf\u{e9}.xml".into()));
        for bad in
            ["", "/etc/passwd", "\\x", "C:\\x", "a/../../b", "..", "x\u{1b}[31m", "a\0", "a:stream", "..\\a"]
        {
            assert!(checked(bad.as_bytes(), false).is_err(), "{bad:?}");
        }
        assert!(checked(b"caf\xe9", true).is_err());
        assert!(!checked(b"\x1b[2J/../x", false).unwrap_err().contains('\u{1b}'));
    }
}
