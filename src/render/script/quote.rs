//! Names and words as literals of each language: nothing that comes from data is ever code.

/// Words that may stand in a script: one line of plain ASCII, no longer than a line of a console or two.
pub(super) fn words(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    line.chars()
        .filter(|c| !c.is_control())
        .map(|c| match c {
            c if c.is_ascii() => c,
            '·' | '–' | '—' => '-',
            '‘' | '’' => '\'',
            _ => '?',
        })
        .take(400)
        .collect()
}

/// A literal of PowerShell. Single quotes, in which only the quote itself means something; what is not printable ASCII is
/// written by its number, since 5.1 reads files without a mark as ANSI, and takes typographic quotes for quotes.
pub(super) fn powershell(text: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut plain = String::new();
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(b'\'') => plain.push_str("''"),
            Ok(b @ b' '..=b'~') => plain.push(char::from(b)),
            _ => {
                if !plain.is_empty() {
                    parts.push(format!("'{}'", std::mem::take(&mut plain)));
                }
                parts.push(format!("[char]{unit}"));
            }
        }
    }
    if !plain.is_empty() || parts.is_empty() {
        parts.push(format!("'{plain}'"));
    }
    match &parts[..] {
        [one] if one.starts_with('\'') => one.clone(),
        // a character alone would be added as a number
        _ => format!("('' + {})", parts.join(" + ")),
    }
}

/// A name that a batch file can hold between quotes, and hand to `call` and `for`; none for `%`, `!`, `^`, quotes, whatever
/// else cmd may take for its own, and what its code page may not have.
pub(super) fn cmd_name(text: &str) -> Option<&str> {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b" ._-+~,()[]{}#@=;$".contains(&b);
    (!text.is_empty() && text.len() <= 200 && text.bytes().all(safe)).then_some(text)
}

/// Words for `echo`, `rem` and `set "name=..."` of cmd: what it may take for its own is left out.
pub(super) fn cmd_words(text: &str) -> String {
    let even = text.matches('"').count().is_multiple_of(2);
    let kept =
        |c: &char| c.is_ascii_alphanumeric() || " ._-+~,()[]#@=;:/\\'?".contains(*c) || (*c == '"' && even);
    words(text).chars().filter(kept).collect()
}

/// A literal of YAML that Ansible does not take for a template.
pub(super) fn yaml(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control() && !crate::model::steers(*c)).collect();
    let tag = if clean.contains('{') { "!unsafe " } else { "" };
    format!("{tag}'{}'", clean.replace('\'', "''"))
}

/// The name of a file as a regular expression of .NET that fits it alone.
pub(super) fn regex(name: &str) -> String {
    let mut out = String::from("^");
    for c in name.chars() {
        if !c.is_alphanumeric() && !matches!(c, '_' | '-') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('$');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_powershell() {
        assert_eq!(powershell("a b.msu"), "'a b.msu'");
        assert_eq!(powershell("it's $x `y` \"z\""), "'it''s $x `y` \"z\"'");
        assert_eq!(powershell(""), "''");
        assert_eq!(powershell("\u{2019}"), "('' + [char]8217)");
        assert_eq!(powershell("a\nb"), "('' + 'a' + [char]10 + 'b')");
    }

    #[test]
    fn names_that_cmd_cannot_hold() {
        assert_eq!(cmd_name("windows8.1-kb2919442-x64 (1).msu"), Some("windows8.1-kb2919442-x64 (1).msu"));
        for bad in
            ["a%b.msu", "a!b.msu", "a^b.msu", "a\"b.msu", "a&b.msu", "\u{e9}.msu", "a\nb", "", "a|b", "a>b"]
        {
            assert_eq!(cmd_name(bad), None, "{bad}");
        }
        assert_eq!(cmd_words("100% & <b> \"x"), "100  b x");
    }

    #[test]
    fn literals_of_yaml() {
        assert_eq!(yaml("it's: #1"), "'it''s: #1'");
        assert_eq!(yaml("{{ x }}"), "!unsafe '{{ x }}'");
        assert_eq!(regex("a+b [1].msu"), "^a\\+b\\ \\[1\\]\\.msu$");
    }
}
