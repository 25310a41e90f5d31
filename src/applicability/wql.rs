//! A small part of WQL: conditions on the one row of `Win32_OperatingSystem`.

use super::compare::{Part, agreed};
use super::facts::{HostFacts, Need};
use crate::model::{Architecture, Truth};
use std::cmp::Ordering;

/// Longer than any query of a rule.
const LONGEST: usize = 4_000;

/// A query on `Win32_OperatingSystem`, its condition as operators after their operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Test { property: String, operator: Relation, value: Literal },
    And,
    Or,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Literal {
    Number(u64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Number(u64),
    Text(String),
    Sign(Relation),
    Open,
    Close,
    Star,
    Comma,
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(match c {
            c if c.is_whitespace() => continue,
            '*' => Token::Star,
            ',' => Token::Comma,
            '(' => Token::Open,
            ')' => Token::Close,
            '\'' | '"' => {
                let mut value = String::new();
                loop {
                    match chars.next()? {
                        end if end == c => break,
                        '\\' => value.push(chars.next()?),
                        other => value.push(other),
                    }
                }
                Token::Text(value)
            }
            '=' => Token::Sign(Relation::Equal),
            '!' => {
                chars.next().filter(|n| *n == '=')?;
                Token::Sign(Relation::Unequal)
            }
            '<' | '>' => {
                let (plain, equal) = match c {
                    '<' => (Relation::Less, Relation::LessOrEqual),
                    _ => (Relation::Greater, Relation::GreaterOrEqual),
                };
                match chars.peek() {
                    Some('=') => {
                        chars.next();
                        Token::Sign(equal)
                    }
                    Some('>') if c == '<' => {
                        chars.next();
                        Token::Sign(Relation::Unequal)
                    }
                    _ => Token::Sign(plain),
                }
            }
            c if c.is_ascii_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(n) = chars.peek().copied().filter(|n| n.is_ascii_alphanumeric() || *n == '_') {
                    word.push(n);
                    chars.next();
                }
                match word.bytes().all(|b| b.is_ascii_digit()) {
                    true => Token::Number(word.parse().ok()?),
                    false => Token::Word(word.to_ascii_lowercase()),
                }
            }
            _ => return None,
        });
    }
    Some(out)
}

impl Query {
    /// Reads `SELECT … FROM Win32_OperatingSystem [WHERE a op v [AND|OR …]]`; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let all = tokens(text)?;
        let word = |t: Option<&Token>, wanted: &str| matches!(t, Some(Token::Word(w)) if w == wanted);
        if !word(all.first(), "select") {
            return None;
        }
        let from = all.iter().position(|t| matches!(t, Token::Word(w) if w == "from"))?;
        let columns = all.get(1..from)?;
        if columns.is_empty()
            || !columns.iter().all(|t| matches!(t, Token::Word(_) | Token::Star | Token::Comma))
        {
            return None;
        }
        if !word(all.get(from + 1), "win32_operatingsystem") {
            return None;
        }
        match all.get(from + 2) {
            None => Some(Self(Vec::new())),
            where_ if word(where_, "where") => condition(all.get(from + 3..)?),
            Some(_) => None,
        }
    }

    /// Does the query give a row? Without a condition it does: there is one operating system.
    pub(super) fn judge(&self, facts: &HostFacts<'_>) -> (Truth, Vec<Need>) {
        let mut stack: Vec<Truth> = Vec::new();
        let mut needs = Vec::new();
        for step in &self.0 {
            let value = match step {
                Step::Test { property, operator, value } => {
                    let (truth, need) = test(property, *operator, value, facts);
                    if truth == Truth::Unknown {
                        needs.extend(need);
                    }
                    truth
                }
                Step::Not => !stack.pop().unwrap_or(Truth::Unknown),
                Step::And | Step::Or => {
                    let (b, a) = (stack.pop(), stack.pop());
                    let (a, b) = (a.unwrap_or(Truth::Unknown), b.unwrap_or(Truth::Unknown));
                    if *step == Step::And { a.min(b) } else { a.max(b) }
                }
            };
            stack.push(value);
        }
        (stack.pop().unwrap_or(Truth::True), needs)
    }
}

/// The condition, its operators moved behind their operands: NOT binds most, then AND, then OR.
fn condition(all: &[Token]) -> Option<Query> {
    enum Waiting {
        Open,
        Operator(Step),
    }
    fn strength(step: &Step) -> u8 {
        match step {
            Step::Not => 3,
            Step::And => 2,
            _ => 1,
        }
    }
    let mut out = Vec::new();
    let mut waiting: Vec<Waiting> = Vec::new();
    let mut at = 0;
    let mut operand = true;
    while let Some(token) = all.get(at) {
        at += 1;
        match (token, operand) {
            (Token::Open, true) => waiting.push(Waiting::Open),
            (Token::Close, false) => loop {
                match waiting.pop()? {
                    Waiting::Open => break,
                    Waiting::Operator(step) => out.push(step),
                }
            },
            (Token::Word(w), true) if w == "not" => waiting.push(Waiting::Operator(Step::Not)),
            (Token::Word(property), true) => {
                let operator = match all.get(at)? {
                    Token::Sign(sign) => *sign,
                    Token::Word(w) if w == "like" => Relation::Like,
                    _ => return None,
                };
                let value = match all.get(at + 1)? {
                    Token::Number(n) => Literal::Number(*n),
                    Token::Text(t) => Literal::Text(t.clone()),
                    _ => return None,
                };
                at += 2;
                out.push(Step::Test { property: property.clone(), operator, value });
                operand = false;
            }
            (Token::Word(w), false) if w == "and" || w == "or" => {
                let step = if w == "and" { Step::And } else { Step::Or };
                while let Some(Waiting::Operator(top)) = waiting.last() {
                    if strength(top) < strength(&step) {
                        break;
                    }
                    out.push(top.clone());
                    waiting.pop();
                }
                waiting.push(Waiting::Operator(step));
                operand = true;
            }
            _ => return None,
        }
    }
    if operand {
        return None;
    }
    while let Some(top) = waiting.pop() {
        match top {
            Waiting::Open => return None,
            Waiting::Operator(step) => out.push(step),
        }
    }
    Some(Query(out))
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal | Self::Like => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

fn number(have: u32, operator: Relation, value: &Literal) -> Truth {
    let want = match value {
        Literal::Number(n) => Some(*n),
        Literal::Text(t) => t.trim().parse().ok(),
    };
    match (want, operator) {
        (None, _) | (_, Relation::Like) => Truth::Unknown,
        (Some(want), operator) => Truth::of(operator.holds(u64::from(have).cmp(&want))),
    }
}

/// A property that is a text. Windows orders such texts by their characters (`"10.0" < "6.1"`); where numbers would be
/// ordered otherwise, it is left open which the author, or Windows, means.
fn text(have: &str, operator: Relation, value: &Literal) -> Truth {
    let want = match value {
        Literal::Number(n) => n.to_string(),
        Literal::Text(t) => t.clone(),
    };
    let (a, b) = (have.to_lowercase(), want.to_lowercase());
    match operator {
        Relation::Like => like(&a, &b),
        Relation::Equal | Relation::Unequal => Truth::of(operator.holds(a.cmp(&b))),
        _ => {
            let by_characters = operator.holds(a.cmp(&b));
            let numbers = |t: &str| t.split('.').map(|n| n.parse::<u64>().ok()).collect::<Option<Vec<_>>>();
            let (Some(a), Some(b)) = (numbers(&a), numbers(&b)) else { return Truth::Unknown };
            if operator.holds(a.cmp(&b)) == by_characters { Truth::of(by_characters) } else { Truth::Unknown }
        }
    }
}

/// `%` is any text, `_` any character; sets in brackets are not read.
fn like(have: &str, pattern: &str) -> Truth {
    if pattern.contains(['[', ']']) {
        return Truth::Unknown;
    }
    let (have, pattern): (Vec<char>, Vec<char>) = (have.chars().collect(), pattern.chars().collect());
    let (mut h, mut p) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while h < have.len() {
        match pattern.get(p) {
            Some('%') => {
                star = Some((p, h));
                p += 1;
            }
            Some(c) if *c == '_' || have.get(h) == Some(c) => {
                h += 1;
                p += 1;
            }
            _ => {
                let Some((at, from)) = star else { return Truth::False };
                star = Some((at, from + 1));
                (p, h) = (at + 1, from + 1);
            }
        }
    }
    Truth::of(pattern.get(p..).unwrap_or_default().iter().all(|c| *c == '%'))
}

fn test(property: &str, operator: Relation, value: &Literal, facts: &HostFacts<'_>) -> (Truth, Option<Need>) {
    match property {
        "version" | "buildnumber" => {
            let Some(version) = facts.version() else { return (Truth::Unknown, Some(Need::OsVersion)) };
            let [a, b, c, _] = version.value.0;
            let have = if property == "version" { format!("{a}.{b}.{c}") } else { c.to_string() };
            (text(&have, operator, value), Some(Need::Wmi(property.to_owned())))
        }
        "producttype" => match facts.product_types() {
            Some(types) => {
                (agreed(types.value.iter().map(|t| number(*t, operator, value))), Some(Need::ProductType))
            }
            None => (Truth::Unknown, Some(Need::ProductType)),
        },
        "operatingsystemsku" => match facts.skus() {
            Some(skus) => (agreed(skus.value.iter().map(|s| number(*s, operator, value))), Some(Need::Sku)),
            None => (Truth::Unknown, Some(Need::Sku)),
        },
        "servicepackmajorversion" => match facts.service_pack() {
            Part::Known(pack) => (number(pack, operator, value), Some(Need::ServicePack)),
            Part::AtLeast(_) => (Truth::Unknown, Some(Need::ServicePack)),
        },
        "osarchitecture" => match facts.architecture() {
            Some(a) => (architecture(a.value, operator, value, facts), Some(Need::Wmi(property.to_owned()))),
            None => (Truth::Unknown, Some(Need::Architecture)),
        },
        other => (Truth::Unknown, Some(Need::Wmi(other.to_owned()))),
    }
}

/// `64-bit`, which Windows words in its own language: only the number in it is the same everywhere.
fn architecture(have: Architecture, operator: Relation, value: &Literal, facts: &HostFacts<'_>) -> Truth {
    let Literal::Text(want) = value else { return Truth::Unknown };
    let (own, other) = match have {
        Architecture::X86 => ("32", "64"),
        Architecture::X64 => ("64", "32"),
        _ => return Truth::Unknown,
    };
    let same = |yes: bool| match operator {
        Relation::Equal | Relation::Like => Truth::of(yes),
        Relation::Unequal => Truth::of(!yes),
        _ => Truth::Unknown,
    };
    let english = facts.host().language.as_ref().is_some_and(|l| l.value.to_lowercase().starts_with("en"));
    if want.contains(other) {
        same(false)
    } else if operator == Relation::Like
        && want.trim_matches('%') == own
        && want.starts_with('%')
        && want.ends_with('%')
    {
        Truth::True
    } else if english {
        text(&format!("{own}-bit"), operator, value)
    } else {
        Truth::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fact, Host, Origin, Version};
    use std::sync::Arc;

    fn host() -> Host {
        let o = Origin::whole(&Arc::from("f"), "x");
        Host {
            version: Some(Fact::new(Version([10, 0, 19045, 0]), o.clone())),
            product: Some(Fact::new("Windows 10 Pro".into(), o.clone())),
            edition: Some(Fact::new(crate::model::Edition("Pro".into()), o.clone())),
            architecture: Some(Fact::new(Architecture::X64, o)),
            ..Host::default()
        }
    }

    fn asked(condition: &str, host: &Host) -> Option<Truth> {
        let query = Query::parse(&format!("SELECT * FROM Win32_OperatingSystem{condition}"))?;
        Some(query.judge(&HostFacts::of(host)).0)
    }

    #[test]
    fn conditions_on_the_operating_system() {
        let host = host();
        for (condition, truth) in [
            ("", Truth::True),
            (" WHERE ProductType = 1", Truth::True),
            (" where ProductType <> '1'", Truth::False),
            (" WHERE (ProductType = \"2\") OR (ProductType = \"3\")", Truth::False),
            (" WHERE NOT ProductType = 2 AND OperatingSystemSKU = 48", Truth::True),
            (" WHERE Version LIKE '10.%' AND BuildNumber >= 19041", Truth::True),
            // by characters "10.0.19045" comes before "6.1"
            (" WHERE Version >= '6.1'", Truth::Unknown),
            (" WHERE BuildNumber > 9600", Truth::Unknown),
            (" WHERE OSArchitecture = '32-bit'", Truth::False),
            (" WHERE OSArchitecture LIKE '%64%'", Truth::True),
            (" WHERE OSArchitecture = '64-bit'", Truth::Unknown),
            (" WHERE Caption LIKE '%Pro%'", Truth::Unknown),
            (" WHERE Caption = 'x' AND ProductType = 3", Truth::False),
            (" WHERE ServicePackMajorVersion = 0", Truth::True),
        ] {
            assert_eq!(asked(condition, &host), Some(truth), "{condition}");
        }
        assert_eq!(asked(" WHERE ProductType = 1", &Host::default()), Some(Truth::Unknown));
    }

    #[test]
    fn what_is_no_such_query_is_not_guessed_at() {
        for text in [
            "",
            "SELECT * FROM Win32_ComputerSystem WHERE DomainRole = 5",
            "SELECT * FROM Win32_OperatingSystem WHERE",
            "SELECT * FROM Win32_OperatingSystem WHERE (ProductType = 1",
            "SELECT * FROM Win32_OperatingSystem WHERE ProductType = 1)",
            "SELECT * FROM Win32_OperatingSystem WHERE ProductType ISA 'x'",
            "SELECT * FROM Win32_OperatingSystem WHERE ProductType = 'x",
            "SELECT * FROM Win32_OperatingSystem WHERE ProductType = 1 ProductType = 2",
            "SELECT * FROM Win32_OperatingSystem GROUP WITHIN 5",
            "ASSOCIATORS OF {x}",
        ] {
            assert_eq!(Query::parse(text), None, "{text}");
        }
        assert_eq!(
            Query::parse(&format!("SELECT * FROM Win32_OperatingSystem WHERE {}", "(".repeat(100_000))),
            None
        );
    }
}
